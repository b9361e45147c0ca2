using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Server.Tests.Field;

/// <summary>
/// A provider over plain HTTP that does what each account's script says, tells accounts by their keys, and keeps every request. It shares
/// nothing with the product or its double.
/// </summary>
internal sealed class FieldProvider : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, FieldAccount> _accounts = new(StringComparer.Ordinal);
    private int _strangers;

    private FieldProvider(WebApplication app) => _app = app;

    /// <summary>Its base address, without a path.</summary>
    public string BaseAddress => _app.Urls.Single().TrimEnd('/');

    /// <summary>Requests that had no account's key.</summary>
    public int Strangers => _strangers;

    public static async Task<FieldProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        var provider = new FieldProvider(builder.Build());
        provider._app.Run(provider.HandleAsync);
        await provider._app.StartAsync();
        return provider;
    }

    /// <summary>Knows an account from now on.</summary>
    public void Add(FieldAccount account) => _accounts[account.Key] = account;

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        var at = DateTimeOffset.UtcNow;
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        if (!_accounts.TryGetValue(KeyOf(context.Request), out var account))
        {
            Interlocked.Increment(ref _strangers);
            await FieldAnswers.Json(401, """{"error":{"message":"Incorrect API key provided.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}""")(null!, context);
            return;
        }

        var headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var request = new FieldRequest(account, account.Next(), at, context.Request.Method, target, headers, body.ToArray());
        account.Keep(request);
        try
        {
            await account.Answer(request, context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone.
        }
    }

    private static string KeyOf(HttpRequest request)
    {
        var bearer = request.Headers.Authorization.ToString();
        return bearer.StartsWith("Bearer ", StringComparison.Ordinal) ? bearer["Bearer ".Length..]
            : ((string[])["x-api-key", "api-key", "x-goog-api-key"]).Select(name => request.Headers[name].ToString()).FirstOrDefault(key => key.Length > 0)
                ?? request.Query["key"].ToString();
    }
}
