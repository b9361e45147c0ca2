using System.Buffers;
using FuncLimiter.Simulation.Providers.Answers;
using FuncLimiter.Simulation.Providers.Signals;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Simulation.Providers.Hosting;

/// <summary>Puts written JSON and errors on the wire.</summary>
internal static class ResponseOutput
{
    /// <summary>Sends what was written as a whole JSON response.</summary>
    public static ValueTask<System.IO.Pipelines.FlushResult> SendJsonAsync(HttpResponse response, JsonScratch scratch, int status = 200)
    {
        scratch.Json.Flush();
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.ContentLength = scratch.Written.Length;
        return SendAsync(response, scratch);
    }

    /// <summary>Sends what was written as the next part of the body.</summary>
    public static ValueTask<System.IO.Pipelines.FlushResult> SendAsync(HttpResponse response, JsonScratch scratch)
    {
        response.BodyWriter.Write(scratch.Written);
        return response.BodyWriter.FlushAsync(response.HttpContext.RequestAborted);
    }

    /// <summary>Sends an error in a dialect.</summary>
    public static async Task SendErrorAsync(HttpResponse response, ProviderError error, ProviderDialect dialect, string id)
    {
        var scratch = JsonScratch.Take();
        error.Write(scratch.Json, dialect, RequestId(dialect, id));
        await SendJsonAsync(response, scratch, error.Status);
    }

    /// <summary>Sets the headers that every answer of a provider has.</summary>
    public static void SetIdentity(IHeaderDictionary headers, DeploymentOptions deployment, string id)
    {
        switch (deployment.Dialect)
        {
            case ProviderDialect.Anthropic:
                headers["anthropic-organization-id"] = deployment.Organization;
                headers["request-id"] = RequestId(deployment.Dialect, id);
                break;
            case ProviderDialect.Azure:
                headers["apim-request-id"] = id;
                headers["x-ms-region"] = deployment.Region;
                break;
            default:
                headers["openai-organization"] = deployment.Organization;
                headers["openai-version"] = "2020-10-01";
                headers["x-request-id"] = RequestId(deployment.Dialect, id);
                break;
        }
    }

    private static string RequestId(ProviderDialect dialect, string id) => dialect == ProviderDialect.Azure ? id : "req_" + id;
}
