using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Jobs.Batches;
using FuncLimiter.Gateway.Jobs.Running;
using FuncLimiter.Gateway.Jobs.Webhooks;

namespace FuncLimiter.Gateway.Jobs;

/// <summary>Takes jobs, finds them and gives them up.</summary>
internal sealed class JobService(
    IJobStore store, JobCallReader reader, RunningItems running, JobSignals signals, GatewayConfiguration configuration, WebhookSecrets secrets,
    TimeProvider time, JobFit fit, BatchOffers batches)
{
    private const int LongestKey = 256;

    private static readonly TimeSpan LongestDeadline = TimeSpan.FromDays(7);

    private static readonly GatewayError KeyReused =
        new(422, "idempotency_key_reused", "Another job was asked for under this Idempotency-Key. Use a new key for a new job.")
        {
            Parameter = "Idempotency-Key",
        };

    private readonly Dictionary<string, double> _weights =
        configuration.Tenants.ToDictionary(tenant => tenant.Id, tenant => tenant.Weight, StringComparer.Ordinal);
    private readonly HashSet<string> _limitsUsers = [.. configuration.Tenants.Where(tenant => tenant.UserLimits.Count > 0).Select(tenant => tenant.Id)];
    private readonly Dictionary<string, Priority> _highest =
        configuration.Tenants.ToDictionary(tenant => tenant.Id, tenant => tenant.HighestPriority, StringComparer.Ordinal);

    /// <summary>Checks a job and stores it. Once this has completed the job survives a crash.</summary>
    /// <param name="cancellationToken">Gives up waiting; the job may be stored all the same.</param>
    public async Task<JobAcceptance> AcceptAsync(string tenant, JobRequest request, CancellationToken cancellationToken)
    {
        var calls = new List<JobCall>(request.Calls.Count);
        if ((Check(tenant, request) ?? CheckCalls(tenant, request, calls)) is { } error)
        {
            return new JobAcceptance(error);
        }

        var now = time.GetUtcNow();
        var job = new NewJob(
            $"job_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}",
            tenant,
            now,
            [.. calls.Select(call => (call, now + (call.Deadline ?? configuration.Jobs.Deadline)))])
        {
            IsList = request.IsList,
            Webhook = request.Webhook,
            Reply = request.Reply,
            Weight = _weights.GetValueOrDefault(tenant, 1),
            IdempotencyKey = request.IdempotencyKey,
            Fingerprint = JobFingerprint.Of(request),
        };
        var addition = await store.AddAsync(job, configuration.Jobs.MaxWaiting, cancellationToken);
        signals.Work.Set();
        return addition.Kind switch
        {
            JobAdditionKind.Added => new JobAcceptance(addition.Id!, isReplay: false),
            JobAdditionKind.Known => new JobAcceptance(addition.Id!, isReplay: true),
            JobAdditionKind.Different => new JobAcceptance(KeyReused),
            _ => new JobAcceptance(Full(configuration.Jobs.MaxWaiting)),
        };
    }

    /// <summary>Finds a tenant's job; null where it has none such.</summary>
    /// <param name="tenant">Whose it must be.</param>
    /// <param name="page">Which of its calls to read.</param>
    public Task<JobSnapshot?> FindAsync(string tenant, string id, JobPage page, CancellationToken cancellationToken) =>
        store.FindAsync(tenant, id, page, cancellationToken);

    /// <summary>Gives up all of a job's calls that have not ended, those under way included; false where the tenant has no such job.</summary>
    /// <param name="tenant">Whose it must be.</param>
    /// <param name="cancellationToken">Gives up waiting; the job may be cancelled all the same.</param>
    public async Task<bool> CancelAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        if (!await store.CancelAsync(tenant, id, time.GetUtcNow(), cancellationToken))
        {
            return false;
        }

        running.Cancel(id);
        signals.Ended.Set();
        return true;
    }

    private static GatewayError Full(int most) =>
        new(503, "too_many_jobs", $"As many calls of jobs wait as may wait ({most}). Try again later.")
        {
            RetryAfter = TimeSpan.FromMinutes(1),
            ShouldRetry = true,
        };

    private GatewayError? Check(string tenant, JobRequest request)
    {
        if (request.Calls.Count == 0)
        {
            return GatewayError.BadRequest("empty_job", "A job needs at least one call.");
        }

        if (request.Calls.Count > configuration.Jobs.MaxCalls)
        {
            return GatewayError.BadRequest("too_many_calls", $"A job may hold at most {configuration.Jobs.MaxCalls} calls; split it.");
        }

        if (request.IdempotencyKey is { } key && (key.Length is 0 or > LongestKey || key.Any(char.IsControl)))
        {
            return GatewayError.BadRequest("invalid_idempotency_key", $"Idempotency-Key must have 1 to {LongestKey} characters.", "Idempotency-Key");
        }

        if (request.Webhook is not { } webhook)
        {
            return null;
        }

        if (!secrets.Has(tenant))
        {
            return GatewayError.BadRequest("no_webhook_secret", "No webhookSecret is configured for this tenant, so its webhooks cannot be signed.", "webhook");
        }

        return WebhookAddress.Fault(webhook, configuration.Jobs.WebhooksToPrivateNetworks) is { } fault
            ? GatewayError.BadRequest("invalid_webhook", fault, "webhook")
            : null;
    }

    private GatewayError? CheckCalls(string tenant, JobRequest request, List<JobCall> calls)
    {
        for (var index = 0; index < request.Calls.Count; index++)
        {
            var call = request.Calls[index];
            call = call with { Priority = call.Priority.AtMost(_highest.GetValueOrDefault(tenant, Priority.Interactive)) };
            CallEnvelope? envelope = null;
            var error = call.Deadline is { } deadline && (deadline <= TimeSpan.Zero || deadline > LongestDeadline)
                ? GatewayError.BadRequest("invalid_deadline", $"'deadlineSeconds' must be above 0 and at most {LongestDeadline.TotalSeconds:0}.", "deadlineSeconds")
                : reader.TryRead(call, tenant, out envelope, out var unreadable) ? fit.Fault(envelope) : unreadable;
            if (error is not null)
            {
                return request.IsList ? error with { Parameter = $"[{index}].{error.Parameter}", Message = $"Call {index}: {error.Message}" } : error;
            }

            calls.Add(ForBatch(call, envelope!) with { Lane = LaneOf(tenant, call, envelope!) });
        }

        return null;
    }

    private JobCall ForBatch(JobCall call, CallEnvelope envelope) =>
        batches.Choose(envelope, call.Deadline ?? configuration.Jobs.Deadline) is { } lane
            ? call with { Batch = lane, BatchTokens = fit.Tokens(envelope, lane.Deployment) }
            : call;

    private string LaneOf(string tenant, JobCall call, CallEnvelope envelope) =>
        call.User is { } user && _limitsUsers.Contains(tenant) ? $"{envelope.Facts.Model}\n{user}" : envelope.Facts.Model;
}

/// <summary>A job's id, or why it was not taken.</summary>
internal sealed class JobAcceptance
{
    internal JobAcceptance(string id, bool isReplay) => (Id, IsReplay) = (id, isReplay);

    internal JobAcceptance(GatewayError error) => Error = error;

    /// <summary>The stored job's id; null where it was not taken.</summary>
    public string? Id { get; }

    /// <summary>True where the same was taken before, under the same idempotency key.</summary>
    public bool IsReplay { get; }

    /// <summary>Why it was not taken; null where it was.</summary>
    public GatewayError? Error { get; }

    /// <summary>True where the job is stored: it ends in exactly one outcome from now on.</summary>
    [MemberNotNullWhen(true, nameof(Id))]
    [MemberNotNullWhen(false, nameof(Error))]
    public bool IsAccepted => Id is not null;
}

/// <summary>What makes two requests for a job the same: everything that was asked, byte for byte.</summary>
internal static class JobFingerprint
{
    public static byte[] Of(JobRequest request)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, request.IsList ? "list" : "one");
        Append(hash, request.Webhook);
        foreach (var call in request.Calls)
        {
            Append(hash, call.Path);
            Append(hash, call.Body.Span);
            Append(hash, call.Priority.ToString());
            Append(hash, call.User);
            Append(hash, call.Workflow);
            Append(hash, call.Step);
            Append(hash, call.Run);
            Append(hash, call.Deadline?.Ticks.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        return hash.GetHashAndReset();
    }

    private static void Append(IncrementalHash hash, string? text) => Append(hash, text is null ? default : Encoding.UTF8.GetBytes(text));

    // With its length before it, so that no two lists of parts run together to the same bytes.
    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, part.Length);
        hash.AppendData(length);
        hash.AppendData(part);
    }
}
