//! Prices of gas, as users change and see them.

use std::num::NonZeroU128;

use starknet_api::StarknetApiError;
use starknet_api::block::{GasPrice, GasPrices, NonzeroGasPrice};
use zkthreads_rpc_api::devnet::GasPriceChange;

/// `prices` with a change.
///
/// # Errors
/// Never: the new prices are not zero.
pub fn change_prices(prices: &mut GasPrices, change: GasPriceChange) -> Result<(), StarknetApiError> {
    let GasPrices { eth_gas_prices: wei, strk_gas_prices: fri } = prices;
    for (price, new) in [
        (&mut wei.l1_gas_price, change.gas_price_wei),
        (&mut fri.l1_gas_price, change.gas_price_fri),
        (&mut wei.l1_data_gas_price, change.data_gas_price_wei),
        (&mut fri.l1_data_gas_price, change.data_gas_price_fri),
        (&mut wei.l2_gas_price, change.l2_gas_price_wei),
        (&mut fri.l2_gas_price, change.l2_gas_price_fri),
    ] {
        if let Some(new) = new {
            *price = NonzeroGasPrice::new(GasPrice(new.get()))?;
        }
    }
    Ok(())
}

/// All prices, as an answer shows them.
#[must_use]
pub(crate) fn show_prices(prices: &GasPrices) -> GasPriceChange {
    let GasPrices { eth_gas_prices: wei, strk_gas_prices: fri } = prices;
    let show = |price: NonzeroGasPrice| NonZeroU128::new(price.get().0);
    GasPriceChange {
        gas_price_wei: show(wei.l1_gas_price),
        gas_price_fri: show(fri.l1_gas_price),
        data_gas_price_wei: show(wei.l1_data_gas_price),
        data_gas_price_fri: show(fri.l1_data_gas_price),
        l2_gas_price_wei: show(wei.l2_gas_price),
        l2_gas_price_fri: show(fri.l2_gas_price),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_prices_leaves_the_others() {
        let price = NonzeroGasPrice::new(GasPrice(7)).unwrap();
        let vector = starknet_api::block::GasPriceVector {
            l1_gas_price: price,
            l1_data_gas_price: price,
            l2_gas_price: price,
        };
        let mut prices = GasPrices { eth_gas_prices: vector.clone(), strk_gas_prices: vector };
        let change = GasPriceChange { l2_gas_price_fri: NonZeroU128::new(9), ..GasPriceChange::default() };
        change_prices(&mut prices, change).unwrap();
        let shown = show_prices(&prices);
        assert_eq!(shown.l2_gas_price_fri, NonZeroU128::new(9));
        assert_eq!(shown.l2_gas_price_wei, NonZeroU128::new(7));
        assert_eq!(shown.gas_price_fri, NonZeroU128::new(7));
    }
}
