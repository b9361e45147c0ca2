using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Providers.Batches;

/// <summary>A provider's batch service: half the price, limits of its own, answers within a day.</summary>
public abstract class ProviderBatches
{
    /// <summary>The code of OpenAI and Azure where the queued tokens of an account's batches are at their limit.</summary>
    private protected const string QueueFull = "token_limit_exceeded";

    private const string CustomId = "call-";
    private const int MostErrorBytes = 64 * 1024;

    private static readonly Dictionary<string, ProviderBatches> Known = new(StringComparer.Ordinal)
    {
        ["openai"] = new OpenAIBatches(),
        ["azure-openai"] = new AzureOpenAIBatches(),
        ["anthropic"] = new AnthropicBatches(),
        ["gemini"] = new GeminiBatches(),
    };

    /// <summary>The providers that have one.</summary>
    public static IReadOnlyCollection<string> Providers => Known.Keys;

    /// <summary>How many calls one batch may hold.</summary>
    public abstract int MostCalls { get; }

    /// <summary>How many bytes one batch may hold.</summary>
    public abstract long MostBytes { get; }

    /// <summary>A provider's batch service; null where it has none that is known here.</summary>
    public static ProviderBatches? Of(string provider) => Known.GetValueOrDefault(provider);

    /// <summary>Whether it takes calls for this in the provider's own API.</summary>
    public abstract bool Takes(Operation operation);

    /// <summary>Whether it takes calls that were translated into an API.</summary>
    public virtual bool Takes(Wire wire) => false;

    /// <summary>The batch that was made under a name; null where there is none, or it can't be found by its name.</summary>
    public abstract Task<string?> FindAsync(BatchAccount account, string name, CancellationToken cancellationToken);

    /// <summary>Makes a batch.</summary>
    /// <param name="account">At which account and model.</param>
    /// <param name="name">The name to find it by.</param>
    /// <param name="operation">What all its calls ask.</param>
    /// <param name="calls">The calls, their bodies as the deployment takes them.</param>
    /// <param name="cancellationToken">Gives up; the batch may be made all the same.</param>
    /// <exception cref="HttpRequestException">The provider failed in a way that may pass.</exception>
    public abstract Task<BatchHandIn> SubmitAsync(
        BatchAccount account, string name, Operation operation, IReadOnlyList<BatchCall> calls, CancellationToken cancellationToken);

    /// <summary>Whether the provider is done with a batch, one way or another.</summary>
    public abstract Task<bool> IsOverAsync(BatchAccount account, string batch, CancellationToken cancellationToken);

    /// <summary>Whether it was given up by the provider because its queue was full: made again, it is taken when there is room.</summary>
    public virtual Task<bool> WasFullAsync(BatchAccount account, string batch, CancellationToken cancellationToken) => Task.FromResult(false);

    /// <summary>What it answered, in any order; calls that it did not answer are missing, or have a status of 400 and more.</summary>
    public abstract IAsyncEnumerable<BatchAnswer> FetchAsync(BatchAccount account, string batch, CancellationToken cancellationToken);

    /// <summary>Gives it up; what is answered already stays.</summary>
    public abstract Task CancelAsync(BatchAccount account, string batch, CancellationToken cancellationToken);

    private protected static string IdOf(int place) => string.Create(CultureInfo.InvariantCulture, $"{CustomId}{place}");

    private protected static int PlaceOf(string? id) =>
        id is not null && id.StartsWith(CustomId, StringComparison.Ordinal)
        && int.TryParse(id.AsSpan(CustomId.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var place)
            ? place
            : -1;

    /// <summary>Sends a request; the answer must be a success.</summary>
    private protected static async Task<HttpResponseMessage> SendAsync(
        BatchAccount account, HttpMethod method, UpstreamAddress address, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, address.Uri) { Content = content };
        foreach (var (name, value) in address.Headers.Concat(address.Defaults))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (address.Credential is { } credential)
        {
            request.Options.Set(UpstreamAddress.CredentialOption, credential);
        }

        var response = await account.Http.SendAsync(request, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw new HttpRequestException(
                $"The batch service answered {(int)response.StatusCode}: {await ReasonAsync(response, cancellationToken)}", null, response.StatusCode);
        }
    }

    /// <summary>The same, for an answer that is one JSON object.</summary>
    private protected static async Task<JsonDocument> AskAsync(
        BatchAccount account, HttpMethod method, UpstreamAddress address, HttpContent? content, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(account, method, address, content, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        return await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken);
    }

    /// <summary>What a refusal to make a batch means; null where it may pass, so that it is to be thrown.</summary>
    private protected static BatchHandIn? Refused(HttpRequestException failure) => failure.StatusCode switch
    {
        HttpStatusCode.TooManyRequests => BatchHandIn.Later,
        HttpStatusCode.BadRequest when failure.Message.Contains(QueueFull, StringComparison.Ordinal) => BatchHandIn.Later,
        { } status and >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError when status != HttpStatusCode.RequestTimeout => BatchHandIn.Never(failure.Message),
        _ => null,
    };

    private static async Task<string> ReasonAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var bytes = new byte[MostErrorBytes];
        var read = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        try
        {
            using var json = JsonDocument.Parse(bytes.AsMemory(0, read));
            var error = json.RootElement.GetProperty("error");
            return $"{error.GetProperty("message").GetString()} {Json.Word(error, "code")}".Trim();
        }
        catch (Exception unreadable) when (unreadable is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return Encoding.UTF8.GetString(bytes, 0, Math.Min(read, 200));
        }
    }
}

/// <summary>Whose batch service is asked, and how requests get there.</summary>
/// <param name="Target">The account and the model.</param>
/// <param name="Http">Sends requests.</param>
public sealed record BatchAccount(ProviderTarget Target, HttpMessageInvoker Http);

/// <summary>A call of a batch.</summary>
/// <param name="Place">Its place in the batch, from 0.</param>
/// <param name="Body">The body as the deployment takes it.</param>
public sealed record BatchCall(int Place, ReadOnlyMemory<byte> Body);

/// <summary>An answer of a batch.</summary>
/// <param name="Place">The call's place; -1 where it can't be told.</param>
/// <param name="Status">The HTTP status that the call would have had.</param>
/// <param name="Body">The body.</param>
public sealed record BatchAnswer(int Place, int Status, ReadOnlyMemory<byte> Body);

/// <summary>What came of handing a batch in.</summary>
/// <param name="Id">Its id at the provider; null where it was not taken.</param>
/// <param name="IsFull">Whether the provider's queue is full, so that it may be taken later.</param>
/// <param name="Reason">Why it was not taken.</param>
public sealed record BatchHandIn(string? Id, bool IsFull, string? Reason)
{
    /// <summary>The provider takes no more now.</summary>
    public static readonly BatchHandIn Later = new(null, true, "The provider takes no more batches now.");

    /// <summary>It was taken.</summary>
    public static BatchHandIn Taken(string id) => new(id, false, null);

    /// <summary>The provider will not take it.</summary>
    public static BatchHandIn Never(string reason) => new(null, false, reason);
}
