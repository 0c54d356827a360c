//! What jobs do.

pub use entity::job::JobTask as Task;

/// The code of a task: in `job.task`, in the queue and in the log.
pub(super) const fn code(task: Task) -> &'static str {
    match task {
        Task::Load => "load",
        Task::ReplayRejects => "replay_rejects",
        Task::DemandForecast => "demand_forecast",
        Task::Report => "report",
        Task::SweepReports => "sweep_reports",
        Task::Notify => "notify",
        Task::RefreshRates => "refresh_rates",
        Task::StoreRates => "store_rates",
        Task::LakeQuery => "lake_query",
    }
}

/// The task with this code.
pub(super) fn of_code(text: &str) -> Option<Task> {
    ALL.into_iter().find(|task| code(*task) == text)
}

pub(super) const ALL: [Task; 9] = [
    Task::Load,
    Task::ReplayRejects,
    Task::DemandForecast,
    Task::Report,
    Task::SweepReports,
    Task::Notify,
    Task::RefreshRates,
    Task::StoreRates,
    Task::LakeQuery,
];

/// Tasks that wait for a worker together. Each lane has its own places, so that long jobs of
/// one do not hold up those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// Loads, one at a time: they take turns by the lock of the loader.
    Loads,
    /// Reports, a few at a time.
    Reports,
    /// Questions to the lake, a few at a time.
    Lake,
    /// Short jobs.
    Short,
}

impl Lane {
    pub(super) const ALL: [Self; 4] = [Self::Loads, Self::Reports, Self::Lake, Self::Short];

    pub(super) const fn of(task: Task) -> Self {
        match task {
            Task::Load | Task::ReplayRejects | Task::DemandForecast => Self::Loads,
            Task::Report => Self::Reports,
            Task::LakeQuery => Self::Lake,
            Task::SweepReports | Task::Notify | Task::RefreshRates | Task::StoreRates => {
                Self::Short
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_table() {
        let codes: Vec<&str> = Task::CODES.values.iter().map(|value| value.code).collect();
        assert_eq!(codes, ALL.map(code));
        for task in ALL {
            assert_eq!(of_code(code(task)), Some(task));
        }
        assert_eq!(of_code("paint"), None);
    }
}
