using System.Text;

namespace FuncLimiter.Gateway.Configuration;

/// <summary>Bounds of jobs: calls accepted to be made later.</summary>
public sealed record JobConfiguration
{
    /// <summary>How many calls of jobs may be under way or wait for admission at once; at least 4; default 256.</summary>
    public int MaxRunning { get; init; } = 256;

    /// <summary>How many calls of jobs may be stored and not ended; further jobs are refused; default 1,000,000.</summary>
    public int MaxWaiting { get; init; } = 1_000_000;

    /// <summary>How many calls one job may hold; default 10,000.</summary>
    public int MaxCalls { get; init; } = 10_000;

    /// <summary>How long a call of a job may take in all where the job does not say; default 24 hours.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long results are kept after a job's end; default 72 hours.</summary>
    public TimeSpan KeepResults { get; init; } = TimeSpan.FromHours(72);

    /// <summary>The secret that signs the webhooks of tenants without one of their own; null where there is none. Never logged.</summary>
    public string? WebhookSecret { get; init; }

    /// <summary>Whether webhooks may go to loopback, link-local and private addresses; default false.</summary>
    public bool WebhooksToPrivateNetworks { get; init; }

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append($"{nameof(MaxRunning)} = {MaxRunning}, {nameof(MaxWaiting)} = {MaxWaiting}, {nameof(MaxCalls)} = {MaxCalls}, ");
        builder.Append($"{nameof(Deadline)} = {Deadline}, {nameof(KeepResults)} = {KeepResults}");
        return true;
    }
}
