//! Messages between the devnet and its L1.

use starknet_api::contract_class::EntryPointType;
use starknet_api::core::EntryPointSelector;
use starknet_api::transaction::TransactionHash;
use zkthreads_execution::Submission;
use zkthreads_protocol::L1Message;
use zkthreads_rpc_api::devnet::{DevnetError, FlushedMessages, MessageToL2};
use zkthreads_storage::{ClassDefinition, ClassRecord};

use crate::control::{Control, command_error, internal, storage_error};
use crate::mailbox;

impl Control {
    /// Sends a message from L1 to its handler.
    pub(super) fn send(&self, message: MessageToL2) -> Result<TransactionHash, DevnetError> {
        let mut state = self.state.lock();
        let hash = self.deliver(&message)?;
        state.mailbox.sent(message);
        Ok(hash)
    }

    /// Delivers what waits.
    pub(super) fn flush(&self, dry_run: bool) -> Result<FlushedMessages, DevnetError> {
        let mut state = self.state.lock();
        let (mut messages_to_l2, mut generated_l2_transactions) = (Vec::new(), Vec::new());
        if !dry_run {
            state.mailbox.check_connected()?;
            // These first: they may make messages to L1.
            while let Some(message) = state.mailbox.undelivered() {
                generated_l2_transactions.push(self.deliver(&message)?);
                state.mailbox.delivered();
                messages_to_l2.push(message);
            }
        }
        state.mailbox.collect(self.delivery.executor.storage()).map_err(storage_error)?;
        let messages_to_l1 = if dry_run { state.mailbox.waiting() } else { state.mailbox.flush() };
        let l1_provider = if dry_run { "dry run" } else { mailbox::URL }.to_owned();
        Ok(FlushedMessages { messages_to_l1, messages_to_l2, generated_l2_transactions, l1_provider })
    }

    fn deliver(&self, message: &MessageToL2) -> Result<TransactionHash, DevnetError> {
        let open = self.open_state().map_err(internal)?;
        let class_hash = self.class_of(&open, message.l2_contract_address)?;
        let class = open.class(class_hash).map_err(storage_error)?;
        if !class.is_some_and(|class| handles(&class, message.entry_point_selector)) {
            return Err(DevnetError::EntryPointNotFound);
        }
        let refused = |reason: String| DevnetError::MessageRefused { reason };
        let submission = Submission::L1Handler(L1Message::from(message));
        let transaction =
            self.delivery.executor.admit(submission).map_err(|error| refused(error.to_string()))?;
        let hash = transaction.hash;
        self.producer.deliver(transaction).map_err(command_error)?;
        Ok(hash)
    }
}

/// Whether a class has a handler of this name for messages from L1.
fn handles(class: &ClassRecord, selector: EntryPointSelector) -> bool {
    match &class.definition {
        ClassDefinition::Sierra { sierra, .. } => {
            sierra.entry_points_by_type.l1handler.iter().any(|entry| entry.selector == selector)
        }
        ClassDefinition::Legacy { class } => {
            let handlers = class.entry_points_by_type.get(&EntryPointType::L1Handler);
            handlers.is_some_and(|handlers| handlers.iter().any(|entry| entry.selector == selector))
        }
    }
}
