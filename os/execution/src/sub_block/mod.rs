//! Executing inner transactions on the thread's side.
