using System.Globalization;
using System.Net.Http.Headers;

namespace FuncLimiter.Simulation.Fleets;

/// <summary>One agent: calls, waits for the answer, thinks, calls again.</summary>
internal sealed class Agent(
    HttpClient http, FleetOptions options, FleetTally tally, FleetTenant tenant, AgentGroup group, int number, TimeProvider time)
{
    private readonly AgentRequest _request = new(options, tenant, group, $"{tenant.Id}-{group.Priority}-{number}");
    private readonly GroupTally _tally = tally.GroupOf(tenant, group.Priority);
    private readonly Random _random = new(Seed(options.Seed, tenant.Id, (int)group.Priority, number));

    /// <summary>Goes on until cancelled, and then to the end of its call where calls are finished. Work whose call was given up is asked for again by the next one.</summary>
    public async Task RunAsync(CancellationToken end)
    {
        FleetTally.Work? work = null;
        for (var call = 0L; !end.IsCancellationRequested; call++)
        {
            tally.Begin(_tally);
            work ??= tally.Start(_tally);
            var outcome = await CallAsync(call, options.FinishesCalls ? CancellationToken.None : end);
            tally.End(_tally, outcome, work);
            work = outcome.Kind == AgentOutcomeKind.Answered ? null : work;
            await PauseAsync(group.ThinkTime * (0.5 + _random.NextDouble()), end);
        }
    }

    /// <summary>A seed of this agent's own, the same in every process, unlike a string's hash.</summary>
    private static int Seed(int fleet, string tenant, int priority, int number) =>
        tenant.Append((char)priority).Append((char)number).Aggregate(fleet, (hash, part) => unchecked((hash * 31) + part));

    private async Task<AgentOutcome> CallAsync(long number, CancellationToken end)
    {
        var body = _request.Body(
            number,
            _random.Next(group.InputCharacters.Least, group.InputCharacters.Most + 1),
            _random.Next(group.MaxTokens.Least, group.MaxTokens.Most + 1));
        var began = time.GetTimestamp();
        try
        {
            for (var retry = 0; ; retry++)
            {
                var (outcome, pause) = await TryAsync(body, number, retry, began, end);
                if (pause is not { } wait)
                {
                    return outcome;
                }

                await Task.Delay(wait, time, end);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            return new AgentOutcome(AgentOutcomeKind.Abandoned, 0, 0, 0, null);
        }
    }

    private async Task<(AgentOutcome Outcome, TimeSpan? Pause)> TryAsync(
        ReadOnlyMemory<byte> body, long number, int retry, long began, CancellationToken end)
    {
        tally.Requested();
        try
        {
            using var message = _request.Message(body, number, retry);
            using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, end);
            var latencyMs = time.GetElapsedTime(began).TotalMilliseconds;
            if (response.IsSuccessStatusCode)
            {
                return (await ReadAnswerAsync(response, latencyMs, end), null);
            }

            var refused = (int)response.StatusCode == 429;
            if (refused)
            {
                tally.Refused();
            }

            // Read to its end, so that the connection can be used again.
            await response.Content.CopyToAsync(Stream.Null, end);
            var failure = refused ? null : ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
            var ended = new AgentOutcome(refused ? AgentOutcomeKind.GaveUp : AgentOutcomeKind.Failed, 0, 0, latencyMs, failure);
            return (ended, AgentRetryHint.MayRetry(response) ? PauseBefore(retry, AgentRetryHint.Wait(response.Headers)) : null);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            var ended = new AgentOutcome(AgentOutcomeKind.Failed, 0, 0, 0, broken.GetType().Name);
            return (ended, PauseBefore(retry, null));
        }
    }

    private static async Task<AgentOutcome> ReadAnswerAsync(HttpResponseMessage response, double latencyMs, CancellationToken end)
    {
        var body = await response.Content.ReadAsByteArrayAsync(end);
        var waitMs = AgentRetryHint.Number(response.Headers, "X-FuncLimiter-Waited-Ms") ?? latencyMs;
        try
        {
            return new AgentOutcome(AgentOutcomeKind.Answered, UsageScan.Tokens(body), waitMs, latencyMs, null);
        }
        catch (System.Text.Json.JsonException)
        {
            return new AgentOutcome(AgentOutcomeKind.Failed, 0, 0, latencyMs, "malformed answer");
        }
    }

    private TimeSpan? PauseBefore(int retry, TimeSpan? hint) =>
        retry < options.Retry.Retries ? options.Retry.PauseBefore(retry, hint, _random.NextDouble()) : null;

    private async Task PauseAsync(TimeSpan span, CancellationToken end)
    {
        try
        {
            await Task.Delay(span, time, end);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The loop ends by itself.
        }
    }
}

/// <summary>What a response says about trying again, as the official SDKs read it.</summary>
internal static class AgentRetryHint
{
    /// <summary>Whether the same request may be sent again.</summary>
    public static bool MayRetry(HttpResponseMessage response) =>
        Value(response.Headers, "x-should-retry") switch
        {
            "true" => true,
            "false" => false,
            _ => (int)response.StatusCode is 408 or 409 or 429 or >= 500,
        };

    /// <summary>How long to wait: <c>retry-after-ms</c>, else <c>retry-after</c> in seconds; null where neither makes sense.</summary>
    public static TimeSpan? Wait(HttpResponseHeaders headers) =>
        Number(headers, "retry-after-ms") is { } ms ? TimeSpan.FromMilliseconds(ms)
        : Number(headers, "retry-after") is { } seconds ? TimeSpan.FromSeconds(seconds)
        : null;

    /// <summary>A header as a number, 0 or more and below a day's worth of milliseconds.</summary>
    public static double? Number(HttpResponseHeaders headers, string name) =>
        double.TryParse(Value(headers, name), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
        && number < 86_400_000
            ? number
            : null;

    private static string? Value(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
