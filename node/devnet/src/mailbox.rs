//! The devnet's own L1: what would be Starknet's core contract there, and nothing else. It remembers the messages
//! that were sent to contracts, and counts those that contracts sent and nobody has consumed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use starknet_api::block::BlockNumber;
use starknet_rust::core::types::MsgToL1;
use zkthreads_rpc_api::devnet::{DevnetError, EthAddress, L1Hash, MessageToL2, SentMessage};
use zkthreads_storage::{ExecutionStatus, Storage, StorageError};

/// How the mock is called where an L1's URL is expected.
pub(super) const URL: &str = "mock://l1";

/// Where its messaging contract is said to be: the address of the first contract that a fresh Anvil deploys.
pub(super) const CONTRACT: EthAddress = EthAddress([
    0x5f, 0xbd, 0xb2, 0x31, 0x56, 0x78, 0xaf, 0xec, 0xb3, 0x67, 0xf0, 0x32, 0xd9, 0x3f, 0x64, 0x2f, 0x64,
    0x18, 0x0a, 0xa3,
]);

/// Messages on either way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mailbox {
    /// Whether `devnet_postmanLoad` has been called.
    connected: bool,
    /// Messages to contracts in order of sending, and whether they are delivered.
    to_l2: Vec<(MessageToL2, bool)>,
    /// The first block whose messages to L1 have not been collected yet.
    next_block: u64,
    /// Messages collected but not flushed, each with its block.
    waiting: Vec<(u64, SentMessage)>,
    /// How many of each message are collected and not consumed.
    unconsumed: BTreeMap<L1Hash, u64>,
}

impl Mailbox {
    /// Connects, if it is this L1 that is meant; the address of its messaging contract.
    pub(super) fn connect(
        &mut self,
        url: &str,
        contract: Option<EthAddress>,
    ) -> Result<EthAddress, DevnetError> {
        if url != URL || contract.is_some_and(|contract| contract != CONTRACT) {
            return Err(DevnetError::UnknownL1 { url: url.to_owned(), own: URL });
        }
        self.connected = true;
        Ok(CONTRACT)
    }

    /// An error before [`Mailbox::connect`].
    pub(super) fn check_connected(&self) -> Result<(), DevnetError> {
        if self.connected { Ok(()) } else { Err(DevnetError::L1NotLoaded) }
    }

    /// Takes in the messages that blocks sent since it last looked. Those of reverted transactions do not count.
    pub(super) fn collect(&mut self, storage: &Storage) -> Result<(), StorageError> {
        let Some(latest) = storage.latest()? else { return Ok(()) };
        for number in self.next_block..=latest.0 {
            // A fork has no blocks before its own.
            for transaction in storage.transactions(BlockNumber(number))?.unwrap_or_default() {
                if transaction.receipt.status != ExecutionStatus::Succeeded {
                    continue;
                }
                for message in transaction.receipt.messages {
                    let message = SentMessage {
                        from_address: message.from_address,
                        to_address: message.to_address.into(),
                        payload: message.payload.0,
                    };
                    *self.unconsumed.entry(hash(&message)).or_default() += 1;
                    self.waiting.push((number, message));
                }
            }
        }
        self.next_block = latest.0 + 1;
        Ok(())
    }

    /// Forgets the messages of blocks that are gone, but for those that L1 has got.
    pub(super) fn undo(&mut self, first: BlockNumber) {
        self.next_block = self.next_block.min(first.0);
        let (kept, gone) =
            std::mem::take(&mut self.waiting).into_iter().partition(|(block, _)| *block < first.0);
        self.waiting = kept;
        let gone: Vec<_> = gone;
        for (_, message) in gone {
            self.take(&hash(&message));
        }
    }

    /// Forgets what contracts sent, and that what L1 sent is delivered if `replay` is set.
    pub(super) fn restart(&mut self, replay: bool) {
        let Self { connected, to_l2, .. } = std::mem::take(self);
        self.connected = connected && !replay;
        self.to_l2 = to_l2.into_iter().map(|(message, delivered)| (message, delivered && !replay)).collect();
    }

    /// The messages that L1 would get now.
    pub(super) fn waiting(&self) -> Vec<SentMessage> {
        self.waiting.iter().map(|(_, message)| message.clone()).collect()
    }

    /// Gives L1 its messages.
    pub(super) fn flush(&mut self) -> Vec<SentMessage> {
        std::mem::take(&mut self.waiting).into_iter().map(|(_, message)| message).collect()
    }

    /// Remembers a message to a contract that is on its way.
    pub(super) fn sent(&mut self, message: MessageToL2) {
        self.to_l2.push((message, true));
    }

    /// The first message to a contract that is not delivered.
    pub(super) fn undelivered(&self) -> Option<MessageToL2> {
        self.to_l2.iter().find(|(_, delivered)| !delivered).map(|(message, _)| message.clone())
    }

    /// That it is delivered now.
    pub(super) fn delivered(&mut self) {
        if let Some((_, delivered)) = self.to_l2.iter_mut().find(|(_, delivered)| !delivered) {
            *delivered = true;
        }
    }

    /// Consumes a message to L1.
    pub(super) fn consume(&mut self, message: &SentMessage) -> Result<L1Hash, DevnetError> {
        let hash = hash(message);
        if self.take(&hash) { Ok(hash) } else { Err(DevnetError::MessageNotPresent { hash }) }
    }

    fn take(&mut self, hash: &L1Hash) -> bool {
        match self.unconsumed.get_mut(hash) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) => _ = self.unconsumed.remove(hash),
            None => return false,
        }
        true
    }
}

/// As the core contract computes it.
fn hash(message: &SentMessage) -> L1Hash {
    let message = MsgToL1 {
        from_address: *message.from_address.0.key(),
        to_address: message.to_address,
        payload: message.payload.clone(),
    };
    L1Hash(*message.hash().as_bytes())
}

#[cfg(test)]
mod tests {
    use starknet_types_core::felt::Felt;

    use super::*;

    fn message(word: u64) -> SentMessage {
        SentMessage { from_address: 5_u8.into(), to_address: Felt::from(6), payload: vec![Felt::from(word)] }
    }

    fn collected(messages: &[(u64, SentMessage)]) -> Mailbox {
        let mut mailbox = Mailbox { next_block: 10, ..Mailbox::default() };
        for (block, message) in messages {
            mailbox.waiting.push((*block, message.clone()));
            *mailbox.unconsumed.entry(hash(message)).or_default() += 1;
        }
        mailbox
    }

    #[test]
    fn a_message_is_consumed_as_often_as_it_was_sent() {
        let mut mailbox = collected(&[(1, message(1)), (2, message(1))]);
        assert_eq!(mailbox.flush().len(), 2);
        assert!(mailbox.consume(&message(1)).is_ok());
        assert!(mailbox.consume(&message(1)).is_ok());
        assert!(matches!(mailbox.consume(&message(1)), Err(DevnetError::MessageNotPresent { .. })));
        assert!(mailbox.consume(&message(2)).is_err());
    }

    #[test]
    fn messages_of_blocks_that_are_gone_cannot_be_consumed() {
        let mut mailbox = collected(&[(1, message(1)), (2, message(2))]);
        mailbox.undo(BlockNumber(2));
        assert_eq!(mailbox.next_block, 2);
        assert_eq!(mailbox.waiting(), [message(1)]);
        assert!(mailbox.consume(&message(2)).is_err());
        assert!(mailbox.consume(&message(1)).is_ok());
    }

    #[test]
    fn the_hash_is_the_core_contracts() {
        // A withdrawal on Goerli, logged by the L1 transaction 0x59e37da138dcf7ab9ca4fc7fde15d3f113a06781...
        let felt = Felt::from_hex_unchecked;
        let message = SentMessage {
            from_address: felt("0x164cba33fb7152531f6b4cfc3fff26b4d7b26b4900e0881042edd607b428a92")
                .try_into()
                .unwrap(),
            to_address: felt("0xb6dbfaa86bb683152e4fc2401260f9ca249519c0"),
            payload: [0, 0, 0x182b8, 0, 0x384, 0].map(Felt::from).to_vec(),
        };
        let expected = "0x326a04493fc8f24ac6c6ae7bdba23243ce03ec3aae53f0ed3a0d686eb8cac930";
        assert_eq!(hash(&message).to_string(), expected);
    }
}
