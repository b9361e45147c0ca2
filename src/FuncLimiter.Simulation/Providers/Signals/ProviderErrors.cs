using System.Text.Json;
using FuncLimiter.Simulation.Providers.Requests;

namespace FuncLimiter.Simulation.Providers.Signals;

/// <summary>Errors other than limits, in each provider's words.</summary>
internal static class ProviderErrors
{
    private const string Invalid = "invalid_request_error";

    public static ProviderError Unauthorized(ProviderDialect dialect) => dialect switch
    {
        ProviderDialect.Anthropic => new ProviderError(401, "authentication_error", null, "invalid x-api-key"),
        ProviderDialect.Azure => new ProviderError(
            401,
            "",
            "401",
            "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active "
                + "subscription and use a correct regional API endpoint for your resource."),
        _ => new ProviderError(
            401,
            Invalid,
            "invalid_api_key",
            "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys."),
    };

    public static ProviderError UnknownModel(ProviderDialect dialect, string model) => dialect switch
    {
        ProviderDialect.Anthropic => new ProviderError(404, "not_found_error", null, $"model: {model}"),
        ProviderDialect.Azure => new ProviderError(
            404,
            "",
            "DeploymentNotFound",
            "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a "
                + "moment and try again."),
        _ => new ProviderError(
            404, Invalid, "model_not_found", $"The model `{model}` does not exist or you do not have access to it."),
    };

    public static ProviderError UnknownPath(ProviderDialect dialect, string method, string path) => dialect switch
    {
        ProviderDialect.Anthropic => new ProviderError(404, "not_found_error", null, "Not Found"),
        ProviderDialect.Azure => new ProviderError(404, "", "404", "Resource not found"),
        _ => new ProviderError(404, Invalid, "unknown_url", $"Invalid URL ({method} {path})"),
    };

    public static ProviderError BadRequest(ProviderDialect dialect, DoubleProblem problem) =>
        new(400, Invalid, dialect == ProviderDialect.Azure ? problem.Code ?? "BadRequest" : problem.Code, problem.Message)
        {
            Parameter = problem.Parameter,
        };

    public static ProviderError BodyTooLarge(ProviderDialect dialect) => dialect == ProviderDialect.Anthropic
        ? new ProviderError(413, "request_too_large", null, "Request exceeds the maximum size")
        : new ProviderError(413, Invalid, "request_too_large", "The request body is larger than this API takes.");

    public static ProviderError Server(ProviderDialect dialect) => dialect switch
    {
        ProviderDialect.Anthropic => new ProviderError(500, "api_error", null, "Internal server error"),
        ProviderDialect.Azure => new ProviderError(500, "", "InternalServerError", "The server had an error processing your request."),
        _ => new ProviderError(500, "server_error", null, "The server had an error while processing your request"),
    };

    public static ProviderError Unavailable(ProviderDialect dialect) => dialect switch
    {
        ProviderDialect.Anthropic => new ProviderError(503, "api_error", null, "Service unavailable"),
        ProviderDialect.Azure => new ProviderError(503, "", "ServiceUnavailable", "The service is temporarily unavailable."),
        _ => new ProviderError(503, "service_unavailable_error", "server_is_overloaded", "The server is currently overloaded."),
    };

    public static ProviderError Overloaded { get; } = new(529, "overloaded_error", "529", "Overloaded");
}

/// <summary>An error before it is written in a dialect.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Type">OpenAI's and Anthropic's type; unused at Azure.</param>
/// <param name="Code">OpenAI's and Azure's code, or null.</param>
/// <param name="Message">The text.</param>
internal sealed record ProviderError(int Status, string Type, string? Code, string Message)
{
    /// <summary>The field at fault, where one is.</summary>
    public string? Parameter { get; init; }

    /// <summary>Writes the body.</summary>
    public void Write(Utf8JsonWriter json, ProviderDialect dialect, string requestId)
    {
        json.WriteStartObject();
        if (dialect == ProviderDialect.Anthropic)
        {
            json.WriteString("type"u8, "error"u8);
        }

        json.WriteStartObject("error"u8);
        if (dialect == ProviderDialect.Azure)
        {
            json.WriteString("code"u8, Code ?? Type);
            json.WriteString("message"u8, Message);
        }
        else if (dialect == ProviderDialect.Anthropic)
        {
            json.WriteString("type"u8, Type);
            json.WriteString("message"u8, Message);
        }
        else
        {
            json.WriteString("message"u8, Message);
            json.WriteString("type"u8, Type);
            json.WriteString("param"u8, Parameter);
            json.WriteString("code"u8, Code);
        }

        json.WriteEndObject();
        if (dialect == ProviderDialect.Anthropic)
        {
            json.WriteString("request_id"u8, requestId);
        }

        json.WriteEndObject();
    }
}
