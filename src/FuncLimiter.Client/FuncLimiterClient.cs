using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace FuncLimiter.Client;

/// <summary>
/// FuncLimiter's own endpoints: reservations for agents that call providers themselves, and jobs. All members may be called from any thread.
/// </summary>
/// <param name="http">
/// A client with FuncLimiter's address and the tenant's key, best with a <see cref="FuncLimiterHandler"/>:
/// see <see cref="FuncLimiterHandler.CreateClient"/>. Whoever made it disposes of it.
/// </param>
/// <param name="time">The clock that waits between looks at a job; null for the system's.</param>
public sealed class FuncLimiterClient(HttpClient http, TimeProvider? time = null)
{
    private static readonly TimeSpan UsualPoll = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Asks what a run will come to before it begins. Nothing is reserved.</summary>
    /// <param name="request">What it does.</param>
    /// <param name="cancellation">Gives up asking.</param>
    /// <exception cref="FuncLimiterException">A call of it would never fit, or the request makes no sense.</exception>
    public Task<Preflight> PreflightAsync(PreflightRequest request, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Post, "preflight", request, ClientJson.Default.PreflightRequest, ClientJson.Default.Preflight, cancellation);

    /// <summary>Waits until the call fits, and reserves what it will take.</summary>
    /// <param name="request">What will be called.</param>
    /// <param name="cancellation">Gives the wait up.</param>
    /// <exception cref="FuncLimiterException">There is no room within the longest wait, or the request makes no sense.</exception>
    public Task<Reservation> ReserveAsync(ReservationRequest request, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Post, "reservations", request, ClientJson.Default.ReservationRequest, ClientJson.Default.Reservation, cancellation);

    /// <summary>Tells what a call under a reservation came to. Once for each reservation.</summary>
    /// <param name="reservation">The reservation.</param>
    /// <param name="settlement">What the call came to.</param>
    /// <param name="cancellation">Gives up telling; the reservation then counts as spent.</param>
    /// <exception cref="FuncLimiterException">The reservation is settled already, or has expired.</exception>
    public Task<Settled> SettleAsync(Reservation reservation, Settlement settlement, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(reservation);
        return SendAsync(HttpMethod.Post, $"reservations/{Uri.EscapeDataString(reservation.Id)}/settlement",
            settlement, ClientJson.Default.Settlement, ClientJson.Default.Settled, cancellation);
    }

    /// <summary>Gives a reservation back whose call was never sent.</summary>
    /// <param name="reservation">The reservation.</param>
    /// <param name="cancellation">Gives up telling; the reservation then counts as spent.</param>
    public Task<Settled> ReleaseAsync(Reservation reservation, CancellationToken cancellation = default) =>
        SettleAsync(reservation, new Settlement { Status = 0 }, cancellation);

    /// <summary>Hands a call in. What was accepted ends in exactly one result, whatever happens to FuncLimiter's process.</summary>
    /// <param name="call">The call.</param>
    /// <param name="idempotencyKey">Two requests with one key are one job; null for none.</param>
    /// <param name="cancellation">Gives up handing in; without a key the job may have been accepted all the same.</param>
    /// <exception cref="FuncLimiterException">The call makes no sense, or no more are taken now.</exception>
    public Task<Job> SubmitAsync(JobCall call, string? idempotencyKey = null, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Post, "jobs", call, ClientJson.Default.JobCall, ClientJson.Default.Job, cancellation, idempotencyKey);

    /// <summary>Hands a list of calls in as one job.</summary>
    /// <param name="calls">The calls, at least one.</param>
    /// <param name="idempotencyKey">Two requests with one key are one job; null for none.</param>
    /// <param name="cancellation">Gives up handing in; without a key the job may have been accepted all the same.</param>
    /// <exception cref="FuncLimiterException">A call makes no sense, or no more are taken now. Then nothing was accepted.</exception>
    public Task<Job> SubmitAsync(IReadOnlyList<JobCall> calls, string? idempotencyKey = null, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Post, "jobs", calls, ClientJson.Default.IReadOnlyListJobCall, ClientJson.Default.Job, cancellation, idempotencyKey);

    /// <summary>Looks at a job.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellation">Gives up looking.</param>
    /// <exception cref="FuncLimiterException">There is no such job of this tenant, or it is not kept any more.</exception>
    public Task<Job> GetJobAsync(string id, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, JobPath(id), ClientJson.Default.Job, cancellation);

    /// <summary>Gives up what has not ended of a job.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellation">Gives up asking.</param>
    /// <exception cref="FuncLimiterException">There is no such job of this tenant, or it is not kept any more.</exception>
    public Task<Job> CancelJobAsync(string id, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Delete, JobPath(id), ClientJson.Default.Job, cancellation);

    /// <summary>Looks at a job, as often as FuncLimiter asks, until all its calls have ended.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="progress">Is told after each look.</param>
    /// <param name="cancellation">Ends the wait; the job goes on.</param>
    /// <exception cref="FuncLimiterException">There is no such job of this tenant, or it is not kept any more.</exception>
    public async Task<Job> WaitForJobAsync(string id, IProgress<JobProgress>? progress = null, CancellationToken cancellation = default)
    {
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Address(JobPath(id)));
            using var answer = await http.SendAsync(request, cancellation).ConfigureAwait(false);
            var job = await ReadAsync(answer, ClientJson.Default.Job, cancellation).ConfigureAwait(false);
            progress?.Report(job.Progress);
            if (job.HasEnded)
            {
                return job;
            }

            await Task.Delay(answer.Headers.RetryAfter?.Delta ?? UsualPoll, _time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>All calls of a list, page by page.</summary>
    /// <param name="job">The job.</param>
    /// <param name="cancellation">Gives up looking.</param>
    public async IAsyncEnumerable<JobItem> GetJobItemsAsync(Job job, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        for (var page = job; ;)
        {
            foreach (var item in page.Items)
            {
                yield return item;
            }

            if (page.Next is not { } next)
            {
                yield break;
            }

            page = await SendAsync(HttpMethod.Get, next.TrimStart('/'), ClientJson.Default.Job, cancellation).ConfigureAwait(false);
        }
    }

    private static string JobPath(string id) => $"jobs/{Uri.EscapeDataString(id)}";

    private static Uri Address(string path) => new(path, UriKind.Relative);

    private async Task<TAnswer> SendAsync<TRequest, TAnswer>(
        HttpMethod method, string path, TRequest body, JsonTypeInfo<TRequest> requestJson, JsonTypeInfo<TAnswer> answerJson,
        CancellationToken cancellation, string? idempotencyKey = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        using var request = new HttpRequestMessage(method, Address(path)) { Content = JsonContent.Create(body, requestJson) };
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        using var answer = await http.SendAsync(request, cancellation).ConfigureAwait(false);
        return await ReadAsync(answer, answerJson, cancellation).ConfigureAwait(false);
    }

    private async Task<TAnswer> SendAsync<TAnswer>(HttpMethod method, string path, JsonTypeInfo<TAnswer> json, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, Address(path));
        using var answer = await http.SendAsync(request, cancellation).ConfigureAwait(false);
        return await ReadAsync(answer, json, cancellation).ConfigureAwait(false);
    }

    private static async Task<TAnswer> ReadAsync<TAnswer>(HttpResponseMessage answer, JsonTypeInfo<TAnswer> json, CancellationToken cancellation)
    {
        if (!answer.IsSuccessStatusCode)
        {
            throw await RefusalAsync(answer, cancellation).ConfigureAwait(false);
        }

        return await answer.Content.ReadFromJsonAsync(json, cancellation).ConfigureAwait(false)
            ?? throw new FuncLimiterException(answer.StatusCode, null, "The answer is empty.", null);
    }

    private static async Task<FuncLimiterException> RefusalAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        ErrorDetail? error = null;
        try
        {
            error = (await answer.Content.ReadFromJsonAsync(ClientJson.Default.ErrorAnswer, cancellation).ConfigureAwait(false))?.Error;
        }
        catch (JsonException)
        {
            // What stands between, a proxy for example, answers in words of its own: the status is all that is known.
        }

        return new FuncLimiterException(answer.StatusCode, error?.Code, error?.Message ?? $"FuncLimiter answered {(int)answer.StatusCode}.", RetryAfter(answer.Headers));
    }

    private static TimeSpan? RetryAfter(HttpResponseHeaders headers) => headers.RetryAfter?.Delta;
}

internal sealed record ErrorAnswer(ErrorDetail? Error);

internal sealed record ErrorDetail(string? Message, string? Code);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(LowerCase<CallPriority>), typeof(LowerCase<JobState>), typeof(LowerCase<JobCallState>)])]
[JsonSerializable(typeof(PreflightRequest))]
[JsonSerializable(typeof(Preflight))]
[JsonSerializable(typeof(ReservationRequest))]
[JsonSerializable(typeof(Reservation))]
[JsonSerializable(typeof(Settlement))]
[JsonSerializable(typeof(Settled))]
[JsonSerializable(typeof(JobCall))]
[JsonSerializable(typeof(IReadOnlyList<JobCall>))]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(ErrorAnswer))]
internal sealed partial class ClientJson : JsonSerializerContext;

internal sealed class LowerCase<TEnum>() : JsonStringEnumConverter<TEnum>(JsonNamingPolicy.CamelCase)
    where TEnum : struct, Enum;
