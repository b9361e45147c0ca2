using System.Globalization;
using System.Text.Json;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Requests;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Passing;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>
/// <c>GET /v1/models</c> and <c>/v1/models/{model}</c>, and the same in Google's, Gemini's and Azure's places: what may be asked for, in the
/// shape of the API that asks.
/// </summary>
internal sealed class ModelsEndpoint(Authenticator authenticator, RouteTable routes, TimeProvider time)
{
    /// <summary>What is passed on of any model (https://ai.google.dev/api/models); which of these it takes, its provider says.</summary>
    private static readonly string[] GoogleMethods = ["generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents"];

    private static readonly PassedPath GoogleCall = new(ProviderApi.Gemini, $"/v1beta/models/{PassedPath.ModelMark}:generateContent") { Model = string.Empty };

    private readonly DateTimeOffset _created = time.GetUtcNow();

    /// <summary>Answers a request.</summary>
    /// <param name="model">The one model asked for; null for all.</param>
    public Task HandleAsync(HttpContext context, string? model = null)
    {
        var dialect = RequestDialect.Of(context.Request);
        if (authenticator.Authenticate(context.Request.Headers, null, out var error) is not { } tenant)
        {
            return JsonResponse.WriteErrorAsync(context, dialect, error!);
        }

        if (model is not null)
        {
            // A slash in a name comes encoded, which routing leaves as it is.
            model = Uri.UnescapeDataString(model);
            return routes.TryFind(tenant.Tenant, model, out var route, out error)
                ? JsonResponse.WriteAsync(context, 200, json => Write(json, dialect, route.Name))
                : JsonResponse.WriteErrorAsync(context, dialect, error);
        }

        var names = routes.Routes.Where(route => Serves(route, dialect) && routes.ClosedTo(tenant.Tenant, route) != route.All).Select(route => route.Name).ToList();
        return JsonResponse.WriteAsync(context, 200, json => WriteList(json, dialect, names));
    }

    private static bool Serves(Route route, Dialect dialect) => dialect switch
    {
        Dialect.Anthropic => route.Closed(Operation.Messages) != route.All,
        Dialect.Google => route.ClosedTo(GoogleCall) != route.All,
        _ => (route.Closed(Operation.ChatCompletions) & route.Closed(Operation.Responses) & route.Closed(Operation.Embeddings)) != route.All,
    };

    private void WriteList(Utf8JsonWriter json, Dialect dialect, List<string> names)
    {
        json.WriteStartObject();
        if (dialect is not (Dialect.Anthropic or Dialect.Google))
        {
            json.WriteString("object"u8, "list"u8);
        }

        json.WriteStartArray(dialect == Dialect.Google ? "models"u8 : "data"u8);
        foreach (var name in names)
        {
            Write(json, dialect, name);
        }

        json.WriteEndArray();
        if (dialect == Dialect.Anthropic)
        {
            json.WriteBoolean("has_more"u8, false);
            json.WriteString("first_id"u8, names.FirstOrDefault());
            json.WriteString("last_id"u8, names.LastOrDefault());
        }

        json.WriteEndObject();
    }

    private void Write(Utf8JsonWriter json, Dialect dialect, string name)
    {
        json.WriteStartObject();
        switch (dialect)
        {
            case Dialect.Google:
                json.WriteString("name"u8, $"models/{name}");
                json.WriteString("baseModelId"u8, name);
                json.WriteString("version"u8, "funclimiter"u8);
                json.WriteString("displayName"u8, name);
                json.WriteTexts("supportedGenerationMethods"u8, GoogleMethods);
                break;
            case Dialect.Anthropic:
                json.WriteString("id"u8, name);
                json.WriteString("type"u8, "model"u8);
                json.WriteString("display_name"u8, name);
                json.WriteString("created_at"u8, _created.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
                break;
            default:
                json.WriteString("id"u8, name);
                json.WriteString("object"u8, "model"u8);
                json.WriteNumber("created"u8, _created.ToUnixTimeSeconds());
                json.WriteString("owned_by"u8, "funclimiter"u8);
                break;
        }

        json.WriteEndObject();
    }
}
