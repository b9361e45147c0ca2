using System.Text.Json;
using FuncLimiter.Simulation.Providers.Hosting;
using FuncLimiter.Simulation.Providers.Signals;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Simulation.Providers.Batches;

/// <summary>The paths of the batch services: OpenAI's and Azure's files and batches, Anthropic's Message Batches.</summary>
internal static class BatchEndpoints
{
    private const string Azure = "/openai/v1";
    private const string Anthropic = "/v1/messages/batches";

    /// <summary>Whether a path is one of them.</summary>
    public static bool Has(string path) => IsUnder(path, Anthropic) || IsUnder(path, "/v1/files") || IsUnder(path, "/v1/batches")
        || IsUnder(path, $"{Azure}/files") || IsUnder(path, $"{Azure}/batches");

    /// <summary>Answers a request.</summary>
    public static async Task HandleAsync(HttpContext context, DoubleState state, string id)
    {
        var path = context.Request.Path.Value!;
        var dialect = IsUnder(path, Anthropic) ? ProviderDialect.Anthropic : path.StartsWith(Azure, StringComparison.Ordinal) ? ProviderDialect.Azure : ProviderDialect.OpenAI;
        var key = new CallRoute(dialect, null, null).KeyOf(context.Request.Headers);
        if (!state.IsKey(dialect, key))
        {
            await ResponseOutput.SendErrorAsync(context.Response, ProviderErrors.Unauthorized(dialect), dialect, id);
            return;
        }

        var parts = path[(dialect switch { ProviderDialect.Anthropic => "/v1/messages", ProviderDialect.Azure => Azure, _ => "/v1" }).Length..].Split('/')[1..];
        var call = new BatchRequest(context, state, dialect, key!, id);
        var isPost = HttpMethods.IsPost(context.Request.Method);
        try
        {
            await (dialect == ProviderDialect.Anthropic ? MessageBatches.HandleAsync(call, parts, isPost) : FileBatches.HandleAsync(call, parts, isPost));
        }
        catch (Exception wrong) when (wrong is JsonException or KeyNotFoundException or InvalidOperationException or FormatException && !context.Response.HasStarted)
        {
            await call.SendMalformedAsync();
        }
    }

    private static bool IsUnder(string path, string root) =>
        path.StartsWith(root, StringComparison.Ordinal) && (path.Length == root.Length || path[root.Length] == '/');
}

/// <summary>A request to a batch service, let in.</summary>
internal sealed record BatchRequest(HttpContext Context, DoubleState State, ProviderDialect Dialect, string Key, string Id)
{
    /// <summary>Answers with JSON.</summary>
    public async Task SendAsync(string json, int status = 200)
    {
        Context.Response.StatusCode = status;
        Context.Response.ContentType = "application/json";
        await Context.Response.WriteAsync(json, Context.RequestAborted);
    }

    /// <summary>Answers that there is no such thing.</summary>
    public Task SendUnknownAsync() => ResponseOutput.SendErrorAsync(
        Context.Response, ProviderErrors.UnknownPath(Dialect, Context.Request.Method, Context.Request.Path.Value!), Dialect, Id);

    /// <summary>Answers that the queue is full.</summary>
    public Task SendFullAsync() => ResponseOutput.SendErrorAsync(
        Context.Response, new ProviderError(429, "rate_limit_error", "rate_limit_exceeded", "The queue of batches is full."), Dialect, Id);

    /// <summary>Answers that the request makes no sense.</summary>
    public Task SendMalformedAsync() => ResponseOutput.SendErrorAsync(
        Context.Response, new ProviderError(400, "invalid_request_error", "invalid_request_error", "The request is malformed."), Dialect, Id);

    /// <summary>Answers that something broke.</summary>
    public Task SendBrokenAsync() => ResponseOutput.SendErrorAsync(Context.Response, ProviderErrors.Server(Dialect), Dialect, Id);
}
