using System.Globalization;
using System.Net;
using System.Text;
using Polly;
using Polly.Retry;

namespace FuncLimiter.Client;

/// <summary>What a <see cref="FuncLimiterHandler"/> keeps to.</summary>
public sealed record FuncLimiterHandlerOptions
{
    /// <summary>The tags of calls that are not told others by <see cref="CallTags.Begin"/>.</summary>
    public CallTags Tags { get; init; } = new();

    /// <summary>
    /// How often a refused call is made again, 0 or more. Turn the retries of the SDK above it off: each would multiply the other.
    /// </summary>
    public int MaxRetries { get; init; } = 2;

    /// <summary>The longest wait before a retry; a refusal that says a longer one is handed to the caller.</summary>
    public TimeSpan LongestRetryWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The clock; null for the system's.</summary>
    public TimeProvider? Time { get; init; }
}

/// <summary>
/// Sends calls to FuncLimiter: tells it their tags, keeps to the time and the word of its refusals (<c>retry-after-ms</c>, <c>Retry-After</c>,
/// <c>x-should-retry</c>), and hears its pressure. It goes below any SDK that takes an <see cref="HttpClient"/>.
/// </summary>
public sealed class FuncLimiterHandler : DelegatingHandler
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(8);

    private readonly FuncLimiterHandlerOptions _options;
    private readonly TimeProvider _time;
    private readonly ResiliencePipeline<HttpResponseMessage> _pipeline;

    /// <param name="options">What to keep to; null for the defaults.</param>
    /// <param name="inner">What sends; null for a <see cref="SocketsHttpHandler"/>. Leave it out with <c>IHttpClientFactory</c>, which sets its own.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of retries below 0, or a negative wait.</exception>
    public FuncLimiterHandler(FuncLimiterHandlerOptions? options = null, HttpMessageHandler? inner = null)
    {
        _options = options ?? new();
        ArgumentOutOfRangeException.ThrowIfNegative(_options.MaxRetries, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.LongestRetryWait, TimeSpan.Zero, nameof(options));
        if (inner is not null)
        {
            InnerHandler = inner;
        }

        _time = _options.Time ?? TimeProvider.System;
        Pressure = new PressureGauge(_time);
        _pipeline = _options.MaxRetries == 0 ? ResiliencePipeline<HttpResponseMessage>.Empty : Pipeline();
    }

    /// <summary>How full the caller's budgets are, as the answers say.</summary>
    public PressureGauge Pressure { get; }

    /// <summary>An <see cref="HttpClient"/> with this handler, for SDKs that take one.</summary>
    /// <param name="funcLimiter">FuncLimiter's address, for example <c>http://127.0.0.1:8080</c>.</param>
    /// <param name="options">What to keep to; null for the defaults.</param>
    /// <param name="key">The tenant's key; null where the SDK sends it, or no tenants are configured.</param>
    public static HttpClient CreateClient(Uri funcLimiter, FuncLimiterHandlerOptions? options = null, string? key = null)
    {
        // The limiter bounds every wait, and an answer may stream for as long as the provider writes.
        var sockets = new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 };
        var client = new HttpClient(new FuncLimiterHandler(options, sockets)) { BaseAddress = funcLimiter, Timeout = Timeout.InfiniteTimeSpan };
        if (key is not null)
        {
            client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        }

        return client;
    }

    /// <inheritdoc />
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        Tell(request, CallTags.Current.Over(_options.Tags));
        if (request.Content is { } content && _options.MaxRetries > 0)
        {
            await content.LoadIntoBufferAsync(cancellationToken).ConfigureAwait(false);
        }

        return await _pipeline.ExecuteAsync(
            async cancellation =>
            {
                var answer = await base.SendAsync(request, cancellation).ConfigureAwait(false);
                Pressure.Hear(answer);
                return answer;
            },
            cancellationToken).ConfigureAwait(false);
    }

    private ResiliencePipeline<HttpResponseMessage> Pipeline() =>
        new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = _time }.AddRetry(new RetryStrategyOptions<HttpResponseMessage>
        {
            MaxRetryAttempts = _options.MaxRetries,
            MaxDelay = _options.LongestRetryWait,
            ShouldHandle = attempt => ValueTask.FromResult(CanRetry(attempt.Outcome)),
            DelayGenerator = attempt => ValueTask.FromResult<TimeSpan?>(Told(attempt.Outcome.Result) ?? Backoff(attempt.AttemptNumber)),
            OnRetry = attempt =>
            {
                attempt.Outcome.Result?.Dispose();
                return default;
            },
        }).Build();

    // A call that never reached anybody can be made again; one whose answer was lost may have been made.
    private bool CanRetry(in Outcome<HttpResponseMessage> outcome) => outcome switch
    {
        { Exception: HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } } => true,
        { Result: { StatusCode: HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable } answer } =>
            Header(answer, "x-should-retry") is not "false" && (Told(answer) ?? TimeSpan.Zero) <= _options.LongestRetryWait,
        _ => false,
    };

    // The limiter's time is this caller's own place, so it is kept to as it is; only a wait that nobody told is spread.
    private TimeSpan? Told(HttpResponseMessage? answer)
    {
        if (answer is null)
        {
            return null;
        }

        if (double.TryParse(Header(answer, "retry-after-ms"), NumberStyles.Float, CultureInfo.InvariantCulture, out var milliseconds)
            && milliseconds is >= 0 and <= int.MaxValue)
        {
            return TimeSpan.FromMilliseconds(milliseconds);
        }

        return answer.Headers.RetryAfter switch
        {
            { Delta: { } wait } => wait,
            { Date: { } date } when date > _time.GetUtcNow() => date - _time.GetUtcNow(),
            { Date: not null } => TimeSpan.Zero,
            _ => null,
        };
    }

    private static TimeSpan Backoff(int retry)
    {
        var least = Math.Min(LongestBackoff.TotalSeconds, FirstBackoff.TotalSeconds * Math.Pow(2, retry));
#pragma warning disable CA5394 // Spreads retries; nothing secret.
        return TimeSpan.FromSeconds(least * (1 + Random.Shared.NextDouble()));
#pragma warning restore CA5394
    }

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    private static void Tell(HttpRequestMessage request, CallTags tags)
    {
        Set("X-Priority", tags.Priority?.ToString().ToLowerInvariant());
        Set("X-User", tags.User);
        Set("X-Workflow", tags.Workflow);
        Set("X-Step", tags.Step);
        Set("X-Run", tags.Run);
        if (tags.MaxWait is { } wait && !request.Headers.Contains("Prefer"))
        {
            Set("Prefer", string.Create(CultureInfo.InvariantCulture, $"wait={Math.Ceiling(Math.Max(0, wait.TotalSeconds)):0}"));
        }

        // What a request says by itself stands.
        void Set(string name, string? value)
        {
            if (value is not null && !request.Headers.Contains(name))
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }
    }
}
