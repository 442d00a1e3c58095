"""The house's own room: its manifest."""

from __future__ import annotations

from garret.features.house import contracts as c
from garret.features.house.capability_table import CAPABILITIES
from garret.features.house.verb_table import VERBS
from garret.protocol.manifest import Room

ROOM = Room(
    name="house",
    summary="Status, jobs, workers, logs, audit, secrets, settings, profiles, backup.",
    commands=(
        c.GetStatus,
        c.Shutdown,
        c.Subscribe,
        c.ListWorkers,
        c.RestartWorker,
        c.ListJobs,
        c.GetJob,
        c.CancelJob,
        c.RetryJob,
        c.JobStory,
        c.ReadLogs,
        c.ReadAudit,
        c.VerifyAudit,
        c.ListSettings,
        c.SetSetting,
        c.ListSecrets,
        c.SetSecret,
        c.SealSecrets,
        c.ListProfiles,
        c.UseProfile,
        c.SetPin,
        c.Approve,
        c.ListApprovals,
        c.GrantApproval,
        c.DenyApproval,
        c.Backup,
        c.Diagnose,
        c.Rebuild,
        c.ListOutbox,
        c.GetOutboxEntry,
        c.RetryOutboxEntry,
        c.DiscardOutboxEntry,
        c.ListSchedules,
        c.GetSchedule,
        c.RemoveSchedule,
        c.RunSchedule,
        c.PauseSchedule,
        c.ResumeSchedule,
    ),
    events=(
        c.WorkerChanged,
        c.JobChanged,
        c.SettingChanged,
        c.StorageChanged,
        c.ProfileChanged,
        c.ApprovalRequested,
        c.ApprovalDecided,
        c.OutboxChanged,
        c.EventsLost,
    ),
    capabilities=CAPABILITIES,
    verbs=VERBS,
    service="garret.features.house.service:HouseService",
)
