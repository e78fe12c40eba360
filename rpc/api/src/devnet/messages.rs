//! Messages between L1 and L2, as the postman methods carry them.

use std::fmt;
use std::sync::Arc;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use starknet_api::core::{ContractAddress, EntryPointSelector, Nonce};
use starknet_api::transaction::fields::{Calldata, Fee};
use starknet_api::transaction::{L1HandlerTransaction, TransactionHash};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{L1Message, L1TransactionHash};

use crate::number::{AddressHex, FeltHex, U128Hex, felts, parse_bytes};

/// A 32-byte hash of L1: a transaction's or a message's. Not a felt; most do not fit into one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct L1Hash(pub [u8; 32]);

/// An address on L1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EthAddress(pub [u8; 20]);

/// A message from L1 to a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageToL2 {
    /// The transaction that sent it, by which `starknet_getMessagesStatus` finds it.
    #[serde(default)]
    pub l1_transaction_hash: Option<L1Hash>,
    /// The receiver.
    #[serde(deserialize_with = "address")]
    pub l2_contract_address: ContractAddress,
    /// Its handler.
    #[serde(deserialize_with = "selector")]
    pub entry_point_selector: EntryPointSelector,
    /// The sender.
    pub l1_contract_address: EthAddress,
    /// What the handler is given after the sender.
    #[serde(deserialize_with = "payload")]
    pub payload: Vec<Felt>,
    /// What the sender paid, wei.
    #[serde(serialize_with = "write_fee", deserialize_with = "read_fee")]
    pub paid_fee_on_l1: Fee,
    /// The message's number on L1.
    #[serde(deserialize_with = "nonce")]
    pub nonce: Nonce,
}

/// A message from a contract to L1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SentMessage {
    /// The sender.
    #[serde(deserialize_with = "address")]
    pub from_address: ContractAddress,
    /// The receiver. Contracts may name any felt, an L1 address or not.
    #[serde(deserialize_with = "felt")]
    pub to_address: Felt,
    /// What it says.
    #[serde(deserialize_with = "payload")]
    pub payload: Vec<Felt>,
}

/// What a flush delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlushedMessages {
    /// Messages that L1 got.
    pub messages_to_l1: Vec<SentMessage>,
    /// Messages that L2 got.
    pub messages_to_l2: Vec<MessageToL2>,
    /// The transactions that these became.
    pub generated_l2_transactions: Vec<TransactionHash>,
    /// The L1, or `dry run`.
    pub l1_provider: String,
}

impl fmt::Display for L1Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Display for EthAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("0x")?;
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

impl Serialize for L1Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for EthAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for L1Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_bytes(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom("an L1 hash is 0x and 1 to 64 hex digits"))
    }
}

impl<'de> Deserialize<'de> for EthAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = parse_bytes(&text).filter(|bytes| bytes[..12].iter().all(|byte| *byte == 0));
        let bytes =
            bytes.ok_or_else(|| D::Error::custom("an L1 address is 0x and hex digits, below 2^160"))?;
        let mut address = [0; 20];
        address.copy_from_slice(&bytes[12..]);
        Ok(Self(address))
    }
}

impl From<&MessageToL2> for L1Message {
    fn from(message: &MessageToL2) -> Self {
        let calldata =
            std::iter::once(Felt::from(message.l1_contract_address)).chain(message.payload.clone());
        Self {
            tx: L1HandlerTransaction {
                version: L1HandlerTransaction::VERSION,
                nonce: message.nonce,
                contract_address: message.l2_contract_address,
                entry_point_selector: message.entry_point_selector,
                calldata: Calldata(Arc::new(calldata.collect())),
            },
            paid_fee: message.paid_fee_on_l1,
            l1_transaction: message.l1_transaction_hash.map(|hash| L1TransactionHash(hash.0)),
        }
    }
}

impl From<EthAddress> for Felt {
    fn from(address: EthAddress) -> Self {
        Self::from_bytes_be_slice(&address.0)
    }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ContractAddress, D::Error> {
    AddressHex::deserialize(deserializer).map(|address| address.0)
}

fn felt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Felt, D::Error> {
    FeltHex::deserialize(deserializer).map(|felt| felt.0)
}

fn selector<'de, D: Deserializer<'de>>(deserializer: D) -> Result<EntryPointSelector, D::Error> {
    FeltHex::deserialize(deserializer).map(|felt| EntryPointSelector(felt.0))
}

fn nonce<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Nonce, D::Error> {
    FeltHex::deserialize(deserializer).map(|felt| Nonce(felt.0))
}

fn read_fee<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fee, D::Error> {
    U128Hex::deserialize(deserializer).map(|fee| Fee(fee.0))
}

fn write_fee<S: Serializer>(fee: &Fee, serializer: S) -> Result<S::Ok, S::Error> {
    U128Hex(fee.0).serialize(serializer)
}

fn payload<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Felt>, D::Error> {
    Vec::<FeltHex>::deserialize(deserializer).map(felts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_hashes_are_read_padded_or_not_and_written_whole() {
        let address: EthAddress =
            serde_json::from_str("\"0xE7f1725E7734CE288F8367e1Bb143E90bb3F0512\"").unwrap();
        assert_eq!(address.to_string(), "0xe7f1725e7734ce288f8367e1bb143e90bb3f0512");
        let padded = format!("\"0x{:0>64}\"", "abc");
        assert_eq!(serde_json::from_str::<EthAddress>(&padded).unwrap().0[18..], [0x0a, 0xbc]);
        let hash: L1Hash = serde_json::from_str("\"0xabc\"").unwrap();
        assert_eq!(hash.to_string(), format!("0x{:0>64}", "abc"));
        let largest = format!("\"0x{}\"", "f".repeat(64));
        assert_eq!(serde_json::from_str::<L1Hash>(&largest).unwrap().0, [0xff; 32]);
        for bad in ["\"0x\"", "\"abc\"", "\"0xg\"", "1", &format!("\"0x1{}\"", "0".repeat(40))] {
            assert!(serde_json::from_str::<EthAddress>(bad).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<L1Hash>(&format!("\"0x{}\"", "0".repeat(65))).is_err());
    }

    #[test]
    fn a_message_reads_back_as_written() {
        let text = r#"{"l1_transaction_hash":null,"l2_contract_address":"0x285d","entry_point_selector":"0xc7",
            "l1_contract_address":"0xe7f1","payload":["0x1","0x2"],"paid_fee_on_l1":"0x123456abcdef","nonce":"0x0"}"#;
        let message: MessageToL2 = serde_json::from_str(text).unwrap();
        assert_eq!(message.payload, [Felt::ONE, Felt::TWO]);
        let written = serde_json::to_string(&message).unwrap();
        assert_eq!(serde_json::from_str::<MessageToL2>(&written).unwrap(), message);
    }
}
