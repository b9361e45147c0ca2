using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Gateway.Operations.Recording;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary><c>GET /admin/record</c>: what was recorded of calls, for the command <c>replay</c>.</summary>
internal sealed class RecordEndpoint(OperatorGate gate, IRecordSink? record = null)
{
    private static readonly GatewayError NoRecord = new(404, "no_record", "Calls are not recorded: the configuration has no \"record\".");

    /// <summary>Answers with the lines of the record, as they are kept now.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        if (!await gate.MayLookAsync(context))
        {
            return;
        }

        if (record is null)
        {
            await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, NoRecord);
            return;
        }

        context.Response.ContentType = "application/x-ndjson";
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.StartAsync(context.RequestAborted);
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await record.CopyAsync(context.Response.Body, context.RequestAborted);
        }
    }
}
