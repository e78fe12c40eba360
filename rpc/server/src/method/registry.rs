//! From a plain function to a JSON-RPC method.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jsonrpsee::server::{Methods, RegisterMethodError, RpcModule};
use jsonrpsee::types::{ErrorObjectOwned, Params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use starknet_api::transaction::TransactionHash;

use crate::context::RpcContext;
use crate::door::Door;
use crate::error::RpcError;
use crate::jobs::{Jobs, Lane, LaneSlot};
use crate::params;
use crate::submitters::Submitters;
use crate::subscription::Session;
use crate::thread::is_left_to_the_node;

/// What the sender of a transaction is told.
pub(crate) trait Added: Serialize {
    /// By what it is known.
    fn transaction_hash(&self) -> TransactionHash;
}

/// How far a method came where it was begun.
pub(super) enum Step<R> {
    /// To its answer.
    Answer(R),
    /// To work of another kind.
    Then(LaneSlot, Rest<R>),
}

/// The rest of a method's work.
pub(super) type Rest<R> = Box<dyn FnOnce(&RpcContext) -> Result<Step<R>, RpcError> + Send>;

impl<R> Step<R> {
    /// To work of another kind.
    pub(super) fn then(
        place: LaneSlot,
        rest: impl FnOnce(&RpcContext) -> Result<Self, RpcError> + Send + 'static,
    ) -> Self {
        Self::Then(place, Box::new(rest))
    }
}

/// The methods registered so far.
///
/// Why not jsonrpsee's `#[rpc]` traits: the parameter readers they generate ignore unknown names and surplus
/// positions, and this node refuses both.
pub(crate) struct Registry {
    module: RpcModule<RpcContext>,
    jobs: Jobs,
    door: Door,
    submitters: Submitters,
    /// Whether a thread is served.
    thread: bool,
}

impl Registry {
    pub(super) fn new(context: RpcContext, jobs: Jobs) -> Self {
        Self {
            thread: context.thread.is_some(),
            module: RpcModule::new(context),
            jobs,
            door: Door::new(),
            submitters: Submitters::new(),
        }
    }

    /// Registers `method`. It runs in a lane, on a thread for blocking work; a panic in it becomes an internal error. On a
    /// fork, what it does not find is asked of the origin. If a thread is served, some are left to its node.
    pub(super) fn method<P: DeserializeOwned + 'static, R: Serialize + 'static>(
        &mut self,
        name: &'static str,
        lane: Lane,
        method: fn(&RpcContext, P) -> Result<R, RpcError>,
    ) -> Result<&mut Self, RegisterMethodError> {
        let (call, lane) = self.call(name, lane);
        let jobs = self.jobs.clone();
        self.module.register_async_method(name, move |params, context, _| {
            let jobs = jobs.clone();
            async move {
                let work = move || call.answer(&context, &params, method);
                jobs.run(lane, work).await.map_err(ErrorObjectOwned::from)
            }
        })?;
        Ok(self)
    }

    /// Registers a method that takes a transaction in. If validating it takes long, it is begun anew in the lane for such. A devnet
    /// answers when the transaction was executed; meanwhile it is in no lane.
    pub(super) fn admission<P: DeserializeOwned + 'static, R: Added + 'static>(
        &mut self,
        name: &'static str,
        lane: Lane,
        method: fn(&RpcContext, &Door, P) -> Result<R, RpcError>,
    ) -> Result<&mut Self, RegisterMethodError> {
        let (call, lane) = self.call(name, lane);
        let (jobs, door) = (self.jobs.clone(), self.door.clone());
        self.module.register_async_method(name, move |params, context, _| {
            let (jobs, door) = (jobs.clone(), door.clone());
            async move {
                let params = Arc::new(params);
                let follower = context.answers_after.map(|until| context.outcomes(until).follow());
                let at = |door: Door| {
                    let (context, params) = (Arc::clone(&context), Arc::clone(&params));
                    move || {
                        let hash = Cell::new(None);
                        let answer = call.answer(&context, &params, |context, params| {
                            let added = method(context, &door, params)?;
                            hash.set(Some(added.transaction_hash()));
                            Ok(added)
                        })?;
                        Ok((answer, hash.get()))
                    }
                };
                // A class has to be loaded besides, which may take longer than validating.
                let first = if lane == Lane::Compilation { door.for_slow_ones() } else { door.clone() };
                let answer = match jobs.run(lane, at(first)).await {
                    Err(RpcError::ValidationTooLong { .. }) if lane == Lane::Admission => {
                        jobs.run(Lane::SlowAdmission, at(door.for_slow_ones())).await
                    }
                    answer => answer,
                };
                let (answer, hash) = answer.map_err(ErrorObjectOwned::from)?;
                if let (Some(follower), Some(hash)) = (follower, hash) {
                    // It was taken in, whatever becomes of it: its status tells.
                    let _ = follower.outcome(hash).await;
                }
                Ok::<_, ErrorObjectOwned>(answer)
            }
        })?;
        Ok(self)
    }

    /// Registers a method that may need proofs to be verified. It is begun in a lane, and says where it goes on.
    pub(super) fn in_steps<P: DeserializeOwned + 'static, R: Serialize + 'static>(
        &mut self,
        name: &'static str,
        lane: Lane,
        method: fn(&RpcContext, &Submitters, P) -> Result<Step<R>, RpcError>,
    ) -> Result<&mut Self, RegisterMethodError> {
        let (call, lane) = self.call(name, lane);
        let (jobs, submitters) = (self.jobs.clone(), self.submitters.clone());
        self.module.register_async_method(name, move |params, context, _| {
            let (jobs, submitters) = (jobs.clone(), submitters.clone());
            async move {
                let at_first = Arc::clone(&context);
                let begin = move || {
                    call.begin(&at_first, &params, |context, params| method(context, &submitters, params))
                };
                let mut step = jobs.run(lane, begin).await;
                loop {
                    match step {
                        Ok(Step::Answer(answer)) => return Ok(answer),
                        Ok(Step::Then(place, rest)) => {
                            let context = Arc::clone(&context);
                            step = jobs.run_at(place, move || rest(&context)).await;
                        }
                        Err(error) => return Err(ErrorObjectOwned::from(error)),
                    }
                }
            }
        })?;
        Ok(self)
    }

    /// How calls of a method are answered, and where.
    fn call(&self, name: &'static str, lane: Lane) -> (Call, Lane) {
        let left_to_the_node = self.thread && is_left_to_the_node(name);
        let lane = match lane {
            _ if left_to_the_node => Lane::Reading,
            Lane::Admission if self.thread => Lane::Submission,
            lane => lane,
        };
        (Call { name, left_to_the_node }, lane)
    }

    /// Registers a method about a connection's subscriptions. Without a WebSocket it does not exist.
    pub(crate) fn session_method<P: DeserializeOwned + 'static, R: Serialize + 'static>(
        &mut self,
        name: &'static str,
        method: impl Fn(&RpcContext, &Session, P) -> Result<R, RpcError> + Clone + Send + Sync + 'static,
    ) -> Result<&mut Self, RegisterMethodError> {
        let jobs = self.jobs.clone();
        self.module.register_async_method(name, move |params, context, extensions| {
            let (jobs, method) = (jobs.clone(), method.clone());
            async move {
                let work = move || {
                    let in_session = |context: &RpcContext, params| match extensions.get::<Session>() {
                        Some(session) => method(context, session, params),
                        None => Err(RpcError::NeedsWebSocket),
                    };
                    catch(name, || answer(&context, &params, in_session))
                };
                jobs.run(Lane::Reading, work).await.map_err(ErrorObjectOwned::from)
            }
        })?;
        Ok(self)
    }

    pub(super) fn into_methods(self) -> Methods {
        self.module.into()
    }
}

/// A method that is called.
#[derive(Clone, Copy)]
struct Call {
    name: &'static str,
    left_to_the_node: bool,
}

impl Call {
    fn answer<P: DeserializeOwned, R: Serialize>(
        self,
        context: &RpcContext,
        params: &Params<'_>,
        method: impl Fn(&RpcContext, P) -> Result<R, RpcError>,
    ) -> Result<Box<RawValue>, RpcError> {
        catch(self.name, || {
            if self.left_to_the_node {
                return context.pass_on(self.name, params);
            }
            let answer = answer(context, params, method);
            answer.or_else(|failure| context.fall_through(self.name, params, failure))
        })
    }

    /// As [`Self::answer`], for a method in steps. All that a fork's origin may be asked for is found missing in the first.
    fn begin<P: DeserializeOwned, R: Serialize + 'static>(
        self,
        context: &RpcContext,
        params: &Params<'_>,
        method: impl Fn(&RpcContext, P) -> Result<Step<R>, RpcError>,
    ) -> Result<Step<Box<RawValue>>, RpcError> {
        let name = self.name;
        catch(name, || {
            if self.left_to_the_node {
                return context.pass_on(name, params).map(Step::Answer);
            }
            let step = params::parse(params).and_then(|params| method(context, params));
            match step {
                Ok(step) => written(name, step),
                Err(failure) => context.fall_through(name, params, failure).map(Step::Answer),
            }
        })
    }
}

fn answer<P: DeserializeOwned, R: Serialize>(
    context: &RpcContext,
    params: &Params<'_>,
    method: impl Fn(&RpcContext, P) -> Result<R, RpcError>,
) -> Result<Box<RawValue>, RpcError> {
    json(&method(context, params::parse(params)?)?)
}

/// The same step, with its answer as JSON.
fn written<R: Serialize + 'static>(
    name: &'static str,
    step: Step<R>,
) -> Result<Step<Box<RawValue>>, RpcError> {
    match step {
        Step::Answer(answer) => json(&answer).map(Step::Answer),
        Step::Then(place, rest) => {
            Ok(Step::then(place, move |context| catch(name, || written(name, rest(context)?))))
        }
    }
}

fn json<R: Serialize>(answer: &R) -> Result<Box<RawValue>, RpcError> {
    to_raw_value(answer).map_err(|error| RpcError::Internal { reason: error.to_string() })
}

/// Makes a panic an internal error.
fn catch<T>(name: &'static str, answer: impl FnOnce() -> Result<T, RpcError>) -> Result<T, RpcError> {
    catch_unwind(AssertUnwindSafe(answer))
        .unwrap_or_else(|_| Err(RpcError::Internal { reason: format!("{name} panicked") }))
}
