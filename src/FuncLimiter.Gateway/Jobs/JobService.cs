using System.Security.Cryptography;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Batches;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Errors;
using FuncLimiter.Gateway.Jobs.Running;
using FuncLimiter.Gateway.Jobs.Webhooks;

namespace FuncLimiter.Gateway.Jobs;

/// <summary>Takes jobs, finds them and gives them up.</summary>
public sealed class JobService
{
    private const int LongestKey = 256;

    private static readonly TimeSpan LongestDeadline = TimeSpan.FromDays(7);

    private static readonly GatewayError KeyReused =
        new(422, "idempotency_key_reused", "Another job was asked for under this Idempotency-Key. Use a new key for a new job.")
        {
            Parameter = "Idempotency-Key",
        };

    private readonly IJobStore _store;
    private readonly JobCallReader _reader;
    private readonly RunningItems _running;
    private readonly JobSignals _signals;
    private readonly GatewayConfiguration _configuration;
    private readonly WebhookSecrets _secrets;
    private readonly TimeProvider _time;
    private readonly JobFit? _fit;
    private readonly BatchOffers? _batches;
    private readonly Dictionary<string, double> _weights;
    private readonly HashSet<string> _limitsUsers;
    private readonly Dictionary<string, Priority> _highest;

    internal JobService(
        IJobStore store,
        JobCallReader reader,
        RunningItems running,
        JobSignals signals,
        GatewayConfiguration configuration,
        WebhookSecrets secrets,
        TimeProvider time,
        JobFit? fit,
        BatchOffers? batches = null)
    {
        (_store, _reader, _running, _signals, _configuration, _secrets, _time, _fit) = (store, reader, running, signals, configuration, secrets, time, fit);
        _batches = batches;
        _weights = configuration.Tenants.ToDictionary(tenant => tenant.Id, tenant => tenant.Weight, StringComparer.Ordinal);
        _highest = configuration.Tenants.ToDictionary(tenant => tenant.Id, tenant => tenant.HighestPriority, StringComparer.Ordinal);
        _limitsUsers = [.. configuration.Tenants.Where(tenant => tenant.UserLimits.Count > 0).Select(tenant => tenant.Id)];
    }

    /// <summary>Checks a job and stores it. Once this has completed the job survives a crash.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="cancellationToken">Gives up waiting; the job may be stored all the same.</param>
    public async Task<JobAcceptance> AcceptAsync(string tenant, JobRequest request, CancellationToken cancellationToken)
    {
        var calls = new List<JobCall>(request.Calls.Count);
        if ((Check(tenant, request) ?? CheckCalls(tenant, request, calls)) is { } error)
        {
            return new JobAcceptance(error);
        }

        var now = _time.GetUtcNow();
        var job = new NewJob(
            $"job_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}",
            tenant,
            now,
            [.. calls.Select(call => (call, now + (call.Deadline ?? _configuration.Jobs.Deadline)))])
        {
            IsList = request.IsList,
            Webhook = request.Webhook,
            Reply = request.Reply,
            Weight = _weights.GetValueOrDefault(tenant, 1),
            IdempotencyKey = request.IdempotencyKey,
            Fingerprint = JobFingerprint.Of(request),
        };
        var addition = await _store.AddAsync(job, _configuration.Jobs.MaxWaiting, cancellationToken);
        _signals.Work.Set();
        return addition.Kind switch
        {
            JobAdditionKind.Added => new JobAcceptance(addition.Id!, isReplay: false),
            JobAdditionKind.Known => new JobAcceptance(addition.Id!, isReplay: true),
            JobAdditionKind.Different => new JobAcceptance(KeyReused),
            _ => new JobAcceptance(Full(_configuration.Jobs.MaxWaiting)),
        };
    }

    /// <summary>Finds a tenant's job; null where it has none such.</summary>
    /// <param name="tenant">Whose it must be.</param>
    /// <param name="id">The job's id.</param>
    /// <param name="page">Which of its calls to read.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<JobSnapshot?> FindAsync(string tenant, string id, JobPage page, CancellationToken cancellationToken) =>
        _store.FindAsync(tenant, id, page, cancellationToken);

    /// <summary>Gives up all of a job's calls that have not ended, those under way included; false where the tenant has no such job.</summary>
    /// <param name="tenant">Whose it must be.</param>
    /// <param name="id">The job's id.</param>
    /// <param name="cancellationToken">Gives up waiting; the job may be cancelled all the same.</param>
    public async Task<bool> CancelAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        if (!await _store.CancelAsync(tenant, id, _time.GetUtcNow(), cancellationToken))
        {
            return false;
        }

        _running.Cancel(id);
        _signals.Ended.Set();
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

        if (request.Calls.Count > _configuration.Jobs.MaxCalls)
        {
            return GatewayError.BadRequest("too_many_calls", $"A job may hold at most {_configuration.Jobs.MaxCalls} calls; split it.");
        }

        if (request.IdempotencyKey is { } key && (key.Length is 0 or > LongestKey || key.Any(char.IsControl)))
        {
            return GatewayError.BadRequest("invalid_idempotency_key", $"Idempotency-Key must have 1 to {LongestKey} characters.", "Idempotency-Key");
        }

        if (request.Webhook is not { } webhook)
        {
            return null;
        }

        if (!_secrets.Has(tenant))
        {
            return GatewayError.BadRequest("no_webhook_secret", "No webhookSecret is configured for this tenant, so its webhooks cannot be signed.", "webhook");
        }

        return WebhookAddress.Fault(webhook, _configuration.Jobs.WebhooksToPrivateNetworks) is { } fault
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
                : _reader.TryRead(call, tenant, out envelope, out var unreadable) ? _fit?.Fault(envelope) : unreadable;
            if (error is not null)
            {
                return request.IsList ? error with { Parameter = $"[{index}].{error.Parameter}", Message = $"Call {index}: {error.Message}" } : error;
            }

            calls.Add(ForBatch(call, envelope!) with { Lane = LaneOf(tenant, call, envelope!) });
        }

        return null;
    }

    private JobCall ForBatch(JobCall call, CallEnvelope envelope) =>
        _batches?.Choose(envelope, call.Deadline ?? _configuration.Jobs.Deadline) is { } lane
            ? call with { Batch = lane, BatchTokens = _fit?.Tokens(envelope, lane.Deployment) ?? 0 }
            : call;

    private string LaneOf(string tenant, JobCall call, CallEnvelope envelope) =>
        call.User is { } user && _limitsUsers.Contains(tenant) ? $"{envelope.Facts.Model}\n{user}" : envelope.Facts.Model;
}
