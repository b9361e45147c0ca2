using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Passing;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Calls;

/// <summary>One call as it was received, whole enough to be made later by another process.</summary>
/// <param name="Dialect">The dialect in which it was asked and must be answered.</param>
/// <param name="Facts">What was read from the body.</param>
/// <param name="Body">The body's bytes, as received.</param>
/// <param name="Caller">Who calls.</param>
/// <param name="Query">The query string with its question mark, or empty.</param>
/// <param name="Headers">The caller's headers that are passed on (versions, betas, tracing), no credentials.</param>
internal sealed record CallEnvelope(
    Dialect Dialect, RequestFacts Facts, ReadOnlyMemory<byte> Body, Caller Caller, string Query, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    /// <summary>The longest wait that the caller will bear, over its priority's own bound; null for none.</summary>
    public TimeSpan? MaxWait { get; init; }

    /// <summary>
    /// Whether who sent it tries again by itself where there is no room or a provider fails: then an end that is no answer is not the call's.
    /// </summary>
    public bool IsTriedAgain { get; init; }

    /// <summary>How it is passed on as it is; null for what FuncLimiter understands, and can translate.</summary>
    public PassedCall? Passed { get; init; }

    /// <summary>The one account that may serve it, since it keeps what the call goes on from; null where any may.</summary>
    public string? KeptBy { get; init; }

    /// <summary>Whether it is one of the answers on a connection, which has its place among concurrent calls already.</summary>
    public bool IsTurn { get; init; }

    /// <summary>The key under which the provider and FuncLimiter treat repeats as one call; null for none.</summary>
    public string? IdempotencyKey { get; init; }
}

/// <summary>How a call ended: the provider's answer, or a refusal in the caller's dialect.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Headers">The headers to answer with.</param>
/// <param name="Body">The body's bytes.</param>
/// <param name="Deployment">What served it, as <c>account/model</c>; null where it was refused.</param>
/// <param name="Usage">The tokens used, where known.</param>
/// <param name="Attempts">How many times a provider was asked.</param>
internal sealed record CallResult(
    int Status, IReadOnlyList<KeyValuePair<string, string>> Headers, ReadOnlyMemory<byte> Body, string? Deployment, TokenUsage? Usage, int Attempts);

/// <summary>Who calls and what for, for fairness and for cost.</summary>
/// <param name="Tenant">The tenant's id.</param>
/// <param name="User">The tenant's own name for its user, or null.</param>
/// <param name="Priority">The call's class.</param>
/// <param name="Workflow">The workflow's name, or null.</param>
/// <param name="Step">The step's name, or null.</param>
/// <param name="Run">The run's id, or null.</param>
internal sealed record Caller(string Tenant, string? User, Priority Priority, string? Workflow, string? Step, string? Run)
{
    /// <summary>Whether the caller says that smaller models may serve it; null leaves that to the route's rules.</summary>
    public Diversion? Tier { get; init; }

    /// <summary>Whether the caller says that this is its run's closing call, which may use what the run's budget keeps for it.</summary>
    public bool IsClosing { get; init; }
}

/// <summary>Whose key a request carried; a feature of its <c>HttpContext</c> from authentication on.</summary>
/// <param name="Tenant">The tenant's id.</param>
/// <param name="HighestPriority">The highest class that its calls may claim.</param>
internal sealed record AuthenticatedTenant(string Tenant, Priority HighestPriority = Priority.Interactive);

/// <summary>A call of a path that is passed on as it is.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path.</param>
/// <param name="Model">Where the body names the model.</param>
internal sealed record PassedCall(string Method, PassedPath Path, ModelPlace Model)
{
    /// <summary>The account that takes it where it names no model; null where its model's route does.</summary>
    public string? Account { get; init; }

    /// <summary>The parameter of the query that names the model, which stands in no query of the call's own; null where none does.</summary>
    public string? ModelInQuery { get; init; }

    /// <summary>A body too large to be held; null where the call's own is the whole.</summary>
    internal UploadBody? Upload { get; init; }

    /// <summary>Whether an answer made something that its account keeps.</summary>
    public bool MakesState => Path is { TellsUsage: true, Generates: false };
}

/// <summary>Takes calls whose callers don't wait for the answer (<c>Prefer: respond-async</c>).</summary>
internal interface IDeferredCalls
{
    /// <summary>Makes a job of a call and answers 202 with its address, or says in the call's dialect why not.</summary>
    /// <param name="call">The call; its body is borrowed and to be copied before this completes.</param>
    Task AcceptAsync(HttpContext context, CallEnvelope call);
}
