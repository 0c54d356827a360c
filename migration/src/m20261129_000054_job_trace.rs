//! `job.trace_context`: the trace in which a job was queued, which its spans go on with.

migration!("ALTER TABLE job ADD trace_context jsonb", "ALTER TABLE job DROP trace_context");
