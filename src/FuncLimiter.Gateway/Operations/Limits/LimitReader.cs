using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers;
using FuncLimiter.Providers.Limits;

namespace FuncLimiter.Gateway.Operations.Limits;

/// <summary>Asks a provider's API for an account's limits.</summary>
internal sealed class LimitReader(UpstreamClient upstream, TimeProvider time)
{
    private const int MostPages = 100;
    private const int MostBytes = 8 * 1024 * 1024;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);

    /// <summary>Asks, page by page.</summary>
    /// <param name="account">An account with a source of limits.</param>
    /// <returns>What was told, or why nothing was.</returns>
    public async Task<LimitsTold> ReadAsync(AccountConfiguration account, CancellationToken cancellationToken)
    {
        var configured = account.LimitSource!;
        var source = SourceOf(account);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var deadline = time.CreateTimer(_ => enough.Cancel(), null, Longest, Timeout.InfiniteTimeSpan);
        try
        {
            var pages = new List<LimitPage>();
            string? beside = null;
            foreach (var question in source.Questions)
            {
                for (var path = question; path is not null; path = pages[^1].Next)
                {
                    if (pages.Count == MostPages)
                    {
                        return new(null, $"more than {MostPages} pages");
                    }

                    var (page, fault) = await AskAsync(source, configured, path, question, enough.Token);
                    if (page is not null)
                    {
                        pages.Add(page);
                    }
                    else if (source.IsBeside(question))
                    {
                        beside = fault;
                        break;
                    }
                    else
                    {
                        return new(null, fault);
                    }
                }
            }

            return new(ReadLimits.Of(pages), beside is null ? null : $"quotas: {beside}");
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or InvalidDataException)
        {
            return new(null, $"it could not be reached: {failure.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(null, $"no answer within {Longest.TotalSeconds:0} s");
        }
    }

    /// <summary>The source that an account names.</summary>
    /// <param name="account">An account with a source of limits.</param>
    internal static LimitSource SourceOf(AccountConfiguration account) => LimitSource.Of(account.Provider, new LimitSubject(account.LimitSource!.Scope)
    {
        Location = account.LimitSource.Location,
        Region = BedrockRegion.Of(account.Endpoint, account.Region),
        Identity = account.Identity,
        IsMantle = BedrockRegion.IsMantle(account.Endpoint),
        Models = [.. account.Models.Select(static model => model.Model)],
    })!;

    private async Task<(LimitPage? Page, string? Fault)> AskAsync(
        LimitSource source, LimitSourceConfiguration configured, string path, string question, CancellationToken cancellationToken)
    {
        var asked = source.Ask(path);
        using var request = new HttpRequestMessage(asked.Body is null ? HttpMethod.Get : HttpMethod.Post, new Uri(configured.Endpoint.AbsoluteUri.TrimEnd('/') + asked.Path));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (source.Credential is { } credential)
        {
            request.Options.Set(UpstreamAddress.CredentialOption, credential);
        }

        if (asked.Body is { } text)
        {
            request.Content = new BodyContent(Encoding.UTF8.GetBytes(text));
            request.Content.Headers.ContentType = new("application/x-amz-json-1.1");
        }

        foreach (var (name, value) in source.Headers(configured.Key))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await upstream.SendAsync(request, cancellationToken);
        var body = await BodyAsync(response, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            return (null, LimitSource.Fault((int)response.StatusCode, body));
        }

        return source.Read(body, question) is { } page ? (page, null) : (null, "its answer is not what it is documented to be");
    }

    private static async Task<JsonElement> BodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await response.Content.LoadIntoBufferAsync(MostBytes, cancellationToken);
        try
        {
            using var document = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellationToken), default, cancellationToken);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return default;
        }
    }
}

/// <summary>What came of asking.</summary>
/// <param name="Limits">What was told; null where nothing was.</param>
/// <param name="Fault">Why not; null where all was. Beside limits, what else was not told.</param>
internal sealed record LimitsTold(ReadLimits? Limits, string? Fault);
