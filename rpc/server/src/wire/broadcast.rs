//! Transactions as clients send them.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_types_core::felt::Felt;

use zkthreads_rpc_api::number::{AddressHex, FeltHex, U64Hex, U128Hex};

/// An INVOKE v3, with the package of a thread in `proof`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BroadcastInvoke {
    #[serde(rename = "type")]
    pub(crate) _type: InvokeType,
    pub(crate) version: Version,
    pub(crate) sender_address: AddressHex,
    pub(crate) calldata: Vec<FeltHex>,
    pub(crate) signature: Vec<FeltHex>,
    pub(crate) nonce: FeltHex,
    pub(crate) resource_bounds: ResourceBoundsMapping,
    pub(crate) tip: U64Hex,
    pub(crate) paymaster_data: Vec<FeltHex>,
    pub(crate) account_deployment_data: Vec<FeltHex>,
    pub(crate) nonce_data_availability_mode: DaMode,
    pub(crate) fee_data_availability_mode: DaMode,
    #[serde(default)]
    pub(crate) proof_facts: Option<Vec<FeltHex>>,
    #[serde(default)]
    pub(crate) proof: Option<String>,
}

/// Parameters of the two methods that take an INVOKE v3: an ordinary one or a thread's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddInvoke {
    pub(crate) invoke_transaction: BroadcastInvoke,
}

/// The answer of both.
#[derive(Serialize)]
pub(crate) struct AddedInvoke {
    pub(crate) transaction_hash: Felt,
}

/// A DECLARE v3 with its class.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BroadcastDeclare {
    #[serde(rename = "type")]
    pub(crate) _type: DeclareType,
    pub(crate) version: Version,
    pub(crate) sender_address: AddressHex,
    pub(crate) compiled_class_hash: FeltHex,
    pub(crate) contract_class: SierraClass,
    pub(crate) signature: Vec<FeltHex>,
    pub(crate) nonce: FeltHex,
    pub(crate) resource_bounds: ResourceBoundsMapping,
    pub(crate) tip: U64Hex,
    pub(crate) paymaster_data: Vec<FeltHex>,
    pub(crate) account_deployment_data: Vec<FeltHex>,
    pub(crate) nonce_data_availability_mode: DaMode,
    pub(crate) fee_data_availability_mode: DaMode,
}

/// A DEPLOY_ACCOUNT v3.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BroadcastDeployAccount {
    #[serde(rename = "type")]
    pub(crate) _type: DeployAccountType,
    pub(crate) version: Version,
    pub(crate) class_hash: FeltHex,
    pub(crate) contract_address_salt: FeltHex,
    pub(crate) constructor_calldata: Vec<FeltHex>,
    pub(crate) signature: Vec<FeltHex>,
    pub(crate) nonce: FeltHex,
    pub(crate) resource_bounds: ResourceBoundsMapping,
    pub(crate) tip: U64Hex,
    pub(crate) paymaster_data: Vec<FeltHex>,
    pub(crate) nonce_data_availability_mode: DaMode,
    pub(crate) fee_data_availability_mode: DaMode,
}

/// Any of the three, told apart by `type`.
#[derive(Debug)]
pub(crate) enum Broadcast {
    Invoke(Box<BroadcastInvoke>),
    Declare(Box<BroadcastDeclare>),
    DeployAccount(Box<BroadcastDeployAccount>),
}

impl<'de> Deserialize<'de> for Broadcast {
    /// Looks at `type` first and then reads the whole text again, so that errors name the field of the one right
    /// kind, and numbers are never buffered.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Tag {
            #[serde(rename = "type")]
            kind: Kind,
        }
        #[derive(Deserialize)]
        enum Kind {
            #[serde(rename = "INVOKE")]
            Invoke,
            #[serde(rename = "DECLARE")]
            Declare,
            #[serde(rename = "DEPLOY_ACCOUNT")]
            DeployAccount,
        }
        fn read<T: serde::de::DeserializeOwned, E: serde::de::Error>(raw: &RawValue) -> Result<T, E> {
            let mut input = serde_json::Deserializer::from_str(raw.get());
            serde_path_to_error::deserialize(&mut input).map_err(E::custom)
        }
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match read::<Tag, _>(&raw)?.kind {
            Kind::Invoke => read(&raw).map(Self::Invoke),
            Kind::Declare => read(&raw).map(Self::Declare),
            Kind::DeployAccount => read(&raw).map(Self::DeployAccount),
        }
    }
}

/// `"INVOKE"`.
#[derive(Debug, Deserialize)]
pub(crate) enum InvokeType {
    #[serde(rename = "INVOKE")]
    Invoke,
}

/// `"DECLARE"`.
#[derive(Debug, Deserialize)]
pub(crate) enum DeclareType {
    #[serde(rename = "DECLARE")]
    Declare,
}

/// `"DEPLOY_ACCOUNT"`.
#[derive(Debug, Deserialize)]
pub(crate) enum DeployAccountType {
    #[serde(rename = "DEPLOY_ACCOUNT")]
    DeployAccount,
}

/// A transaction version; any felt decodes, so that an old version gets the specification's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Version(pub(crate) FeltHex);

/// Bounds of the three resources.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResourceBoundsMapping {
    pub(crate) l1_gas: ResourceBounds,
    pub(crate) l1_data_gas: ResourceBounds,
    pub(crate) l2_gas: ResourceBounds,
}

/// Bounds of one resource.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResourceBounds {
    pub(crate) max_amount: U64Hex,
    pub(crate) max_price_per_unit: U128Hex,
}

/// A data availability mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum DaMode {
    L1,
    L2,
}

impl From<DaMode> for DataAvailabilityMode {
    fn from(mode: DaMode) -> Self {
        match mode {
            DaMode::L1 => Self::L1,
            DaMode::L2 => Self::L2,
        }
    }
}

/// A Cairo 1 class.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SierraClass {
    pub(crate) sierra_program: Vec<FeltHex>,
    pub(crate) contract_class_version: String,
    pub(crate) entry_points_by_type: EntryPoints,
    #[serde(default)]
    pub(crate) abi: String,
}

/// A class's entry points.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntryPoints {
    #[serde(rename = "CONSTRUCTOR")]
    pub(crate) constructor: Vec<EntryPoint>,
    #[serde(rename = "EXTERNAL")]
    pub(crate) external: Vec<EntryPoint>,
    #[serde(rename = "L1_HANDLER")]
    pub(crate) l1_handler: Vec<EntryPoint>,
}

/// One entry point.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntryPoint {
    pub(crate) selector: FeltHex,
    pub(crate) function_idx: usize,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn invoke() -> Value {
        let bound = json!({ "max_amount": "0x1", "max_price_per_unit": "0x2" });
        json!({
            "type": "INVOKE", "version": "0x3", "sender_address": "0x1", "calldata": ["0x1"], "signature": [],
            "nonce": "0x0", "resource_bounds": { "l1_gas": bound, "l2_gas": bound, "l1_data_gas": bound },
            "tip": "0x0", "paymaster_data": [], "account_deployment_data": [],
            "nonce_data_availability_mode": "L1", "fee_data_availability_mode": "L1",
        })
    }

    fn read(value: &Value) -> Result<Broadcast, String> {
        serde_json::from_str(&value.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_by_type() {
        assert!(matches!(read(&invoke()), Ok(Broadcast::Invoke(_))));
        let mut declare = invoke();
        declare["type"] = "DECLARE".into();
        assert!(read(&declare).unwrap_err().contains("unknown field `calldata`"));
    }

    #[test]
    fn numbers_in_classes_survive() {
        let class = json!({
            "sierra_program": ["0x1"], "contract_class_version": "0.1.0", "abi": "[]",
            "entry_points_by_type": {
                "CONSTRUCTOR": [], "EXTERNAL": [{ "selector": "0x5", "function_idx": 7 }], "L1_HANDLER": [],
            },
        });
        let mut declare = invoke();
        let fields = declare.as_object_mut().unwrap();
        fields.remove("calldata");
        fields.insert("type".into(), "DECLARE".into());
        fields.insert("compiled_class_hash".into(), "0x9".into());
        fields.insert("contract_class".into(), class);
        let Ok(Broadcast::Declare(declare)) = read(&declare) else { panic!("not a declare") };
        assert_eq!(declare.contract_class.entry_points_by_type.external[0].function_idx, 7);
    }

    #[test]
    fn errors_name_the_field() {
        let with = |field: &str, value: Value| {
            let mut transaction = invoke();
            transaction[field] = value;
            read(&transaction).unwrap_err()
        };
        assert!(with("colour", json!("red")).contains("unknown field `colour`"));
        assert!(with("calldata", json!(["0x1", 5])).contains("calldata[1]"));
        assert!(with("tip", json!("0x10000000000000000")).contains("tip"));
        assert!(with("type", json!("DEPLOY")).contains("unknown variant `DEPLOY`"));
        assert!(with("resource_bounds", json!({})).contains("missing field `l1_gas`"));
        let mut nameless = invoke();
        nameless.as_object_mut().unwrap().remove("nonce");
        assert!(read(&nameless).unwrap_err().contains("missing field `nonce`"));
    }
}
