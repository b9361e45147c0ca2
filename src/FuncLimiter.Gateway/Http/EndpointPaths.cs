using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Providers.Passing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace FuncLimiter.Gateway.Http;

/// <summary>The paths of the HTTP surface, the same in every host.</summary>
internal static class EndpointPaths
{
    /// <summary>Chat in OpenAI's dialect.</summary>
    public const string ChatCompletions = "/v1/chat/completions";

    /// <summary>Responses in OpenAI's dialect.</summary>
    public const string Responses = "/v1/responses";

    /// <summary>Embeddings in OpenAI's dialect.</summary>
    public const string Embeddings = "/v1/embeddings";

    /// <summary>What may be asked for.</summary>
    public const string Models = "/v1/models";

    /// <summary>One of what may be asked for.</summary>
    public const string Model = "/v1/models/{**model}";

    /// <summary>Messages in Anthropic's dialect.</summary>
    public const string Messages = "/v1/messages";

    /// <summary>Token counts in Anthropic's dialect.</summary>
    public const string CountTokens = "/v1/messages/count_tokens";

    /// <summary>Chat in Azure's dialect.</summary>
    public const string AzureChatCompletions = "/openai/deployments/{deployment}/chat/completions";

    /// <summary>Embeddings in Azure's dialect.</summary>
    public const string AzureEmbeddings = "/openai/deployments/{deployment}/embeddings";

    /// <summary>Chat under Azure's version of OpenAI's API, which takes the deployment from the body.</summary>
    public const string AzureV1ChatCompletions = "/openai/v1/chat/completions";

    /// <summary>Responses under the same.</summary>
    public const string AzureV1Responses = "/openai/v1/responses";

    /// <summary>Embeddings under the same.</summary>
    public const string AzureV1Embeddings = "/openai/v1/embeddings";

    /// <summary>What may be asked for, under the same.</summary>
    public const string AzureV1Models = "/openai/v1/models";

    /// <summary>Responses under the path that takes an <c>api-version</c>.</summary>
    public const string AzureResponses = "/openai/responses";

    /// <summary>Chat where Gemini speaks OpenAI's dialect.</summary>
    public const string GeminiChatCompletions = "/v1beta/openai/chat/completions";

    /// <summary>Embeddings where Gemini speaks OpenAI's dialect.</summary>
    public const string GeminiEmbeddings = "/v1beta/openai/embeddings";

    /// <summary>Admission for agents that call providers themselves.</summary>
    public const string Reservations = "/reservations";

    /// <summary>What such an agent used.</summary>
    public const string Settlement = "/reservations/{id}/settlement";

    /// <summary>What a run will cost, and when it will be over.</summary>
    public const string Preflight = "/preflight";

    /// <summary>What this is, and where to look.</summary>
    public const string Root = "/";

    /// <summary>Every budget and queue, as JSON.</summary>
    public const string Status = "/status";

    /// <summary>The same for Prometheus.</summary>
    public const string Metrics = "/metrics";

    /// <summary>What calls used and cost.</summary>
    public const string Usage = "/usage";

    /// <summary>What every path takes and answers.</summary>
    public const string OpenApi = "/openapi/v1.json";

    /// <summary>The page for operators.</summary>
    public const string Dashboard = "/dashboard";

    /// <summary>What the page shows, as server-sent events.</summary>
    public const string DashboardEvents = "/dashboard/events";

    /// <summary>The last hour of budgets.</summary>
    public const string DashboardTrends = "/dashboard/trends";

    /// <summary>The page's files.</summary>
    public const string DashboardFile = "/dashboard/{file}";

    /// <summary>Closes scopes, and opens them again.</summary>
    public const string AdminPauses = "/admin/pauses";

    /// <summary>Gives limits other amounts.</summary>
    public const string AdminLimits = "/admin/limits";

    /// <summary>Gives tenants other weights.</summary>
    public const string AdminWeights = "/admin/weights";

    /// <summary>Takes keys from tenants.</summary>
    public const string AdminRevocations = "/admin/revocations";

    /// <summary>Forgets what was learned of a provider.</summary>
    public const string AdminLearned = "/admin/learned";

    /// <summary>Shows spending budgets, and gives them more.</summary>
    public const string AdminBudgets = "/admin/budgets";

    /// <summary>Shows tenants' keys, and gives out further ones.</summary>
    public const string AdminKeys = "/admin/keys";

    /// <summary>Takes up a changed configuration.</summary>
    public const string AdminReload = "/admin/reload";

    /// <summary>What was changed by whom.</summary>
    public const string AdminAudit = "/admin/audit";

    /// <summary>The record of calls' shapes, to be played again.</summary>
    public const string AdminRecord = "/admin/record";

    /// <summary>Whether the process answers.</summary>
    public const string Live = "/health/live";

    /// <summary>Whether the process takes calls.</summary>
    public const string Ready = "/health/ready";

    private static readonly string[] Posts =
    [
        ChatCompletions, Responses, Embeddings, Messages, CountTokens, Reservations, Preflight, JobPaths.Jobs, AzureV1ChatCompletions,
        AzureV1Responses, AzureV1Embeddings, AzureResponses, GeminiChatCompletions, GeminiEmbeddings, AdminPauses, AdminLimits, AdminWeights, AdminRevocations,
        AdminLearned,
        AdminReload,
    ];

    private static readonly string[] Gets = [Models, AzureV1Models, Status, Metrics, Usage, OpenApi, Dashboard, DashboardEvents, DashboardTrends, AdminAudit, AdminRecord, Live, Ready];

    /// <summary>The methods that a path takes, as in <c>Allow</c>; null where there is no such path.</summary>
    internal static string? Method(string path)
    {
        path = path.TrimEnd('/');
        if (path.Length == 0)
        {
            return "GET";
        }

        if (path.Equals(AdminBudgets, StringComparison.OrdinalIgnoreCase) || path.Equals(AdminKeys, StringComparison.OrdinalIgnoreCase))
        {
            return "GET, POST";
        }

        if (path.Split('/') is ["", "jobs", _])
        {
            return "GET, DELETE";
        }

        if (Posts.Contains(path, StringComparer.OrdinalIgnoreCase) || TakesPost(path.Split('/')))
        {
            return "POST";
        }

        return Gets.Contains(path, StringComparer.OrdinalIgnoreCase) || path.StartsWith(Models + "/", StringComparison.OrdinalIgnoreCase)
            ? "GET"
            : null;
    }

    private static bool TakesPost(string[] parts) => parts is
        ["", "openai", "deployments", _, "chat", "completions"] or
        ["", "openai", "deployments", _, "embeddings"] or
        ["", "reservations", { Length: > 0 }, "settlement"];
}

/// <summary>Takes requests as clients send them: base addresses that end in a slash or lack a version, pages in browsers.</summary>
internal static class ClientPaths
{
    /// <summary>Puts paths into their usual form and answers what browsers ask first. To stand ahead of routing.</summary>
    /// <param name="app">The host's pipeline; its services hold those of <see cref="FuncLimiterServices.AddFuncLimiter"/>.</param>
    public static IApplicationBuilder UseClientPaths(this IApplicationBuilder app)
    {
        var origins = app.ApplicationServices.GetRequiredService<CrossOrigin>();
        return app.Use(next => context =>
        {
            if (context.Request.Path.Value is { Length: > 1 } path && Usual(path) is var usual && !ReferenceEquals(path, usual))
            {
                context.Request.Path = new PathString(usual);
            }

            return origins.Answers(context) ? Task.CompletedTask : next(context);
        });
    }

    /// <summary>A path without doubled slashes, and with the version that was left out; the same text where it has neither.</summary>
    private static string Usual(string path)
    {
        if (path.Contains("//", StringComparison.Ordinal))
        {
            var isEnded = path.EndsWith('/');
            path = "/" + string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries));
            path = isEnded && path.Length > 1 ? path + "/" : path;
        }

        return PassedPaths.WithVersion(path) ?? path;
    }
}
