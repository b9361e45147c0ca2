using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Gateway.Operations.Usage;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary><c>GET /usage</c>: what calls used and cost, grouped as asked. A tenant sees its own, an operator everybody's.</summary>
internal sealed class UsageEndpoint(
    Authenticator authenticator, IUsageLedger ledger, GatewayConfiguration configuration, OperatorGate gate, TimeProvider time)
{
    private const string CsvText = "text/csv; charset=utf-8";

    private readonly UsageQueryReader _reader = new(configuration.Usage);

    /// <summary>Answers a request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        if (!TryFindTenant(context, out var tenant, out var error)
            || !TryReadFormat(context.Request, out var isCsv, out error)
            || !_reader.TryRead(context.Request.Query, time.GetUtcNow(), out var query, out error)
            || !TryNarrow(tenant, ref query, out error))
        {
            await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, error!);
            return;
        }

        try
        {
            var page = await ledger.QueryAsync(query, context.RequestAborted);
            await WriteAsync(context, query, page, isCsv);
        }
        catch (UsageTooLargeException tooLarge)
        {
            await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, GatewayError.BadRequest("too_large", tooLarge.Message));
        }
    }

    // Null is everybody.
    private bool TryFindTenant(HttpContext context, out string? tenant, out GatewayError? error)
    {
        (tenant, error) = (null, null);
        if (gate.IsOperator(context))
        {
            return true;
        }

        tenant = authenticator.Authenticate(context.Request.Headers, KeyUse.Usage, out error)?.Tenant;
        if (tenant is null)
        {
            return false;
        }

        if (configuration.Tenants.Count == 0 && configuration.Admin.Keys.Count == 0)
        {
            tenant = null;
        }

        return true;
    }

    private static bool TryNarrow(string? tenant, ref UsageQuery query, out GatewayError? error)
    {
        error = null;
        if (tenant is null)
        {
            return true;
        }

        if (query.Where.TryGetValue(UsageDimension.Tenant, out var asked) && asked != tenant)
        {
            error = new GatewayError(403, "not_your_tenant", "A tenant sees its own usage only. Leave 'tenant' out.") { Parameter = "tenant" };
            return false;
        }

        query = query with { Where = new Dictionary<UsageDimension, string>(query.Where) { [UsageDimension.Tenant] = tenant } };
        return true;
    }

    private static bool TryReadFormat(HttpRequest request, out bool isCsv, out GatewayError? error)
    {
        var format = request.Query["format"].ToString();
        isCsv = format == "csv" || format.Length == 0 && request.Headers.Accept.ToString().StartsWith("text/csv", StringComparison.OrdinalIgnoreCase);
        error = format is "" or "csv" or "json" ? null : GatewayError.BadRequest("invalid_parameter", "'format' is 'json' or 'csv'.", "format");
        return error is null;
    }

    private static async Task WriteAsync(HttpContext context, UsageQuery query, UsagePage page, bool isCsv)
    {
        var next = page.HasMore && !query.DearestFirst ? Next(context.Request, query, page.Lines[^1].Place) : null;
        if (next is not null)
        {
            context.Response.Headers.Link = $"<{next}>; rel=\"next\"";
        }

        context.Response.Headers.CacheControl = "no-store";
        if (!isCsv)
        {
            await JsonResponse.WriteAsync(context, 200, json => UsageAnswerJson.Write(json, query, page, next));
            return;
        }

        context.Response.ContentType = CsvText;
        context.Response.Headers.ContentDisposition = "attachment; filename=\"usage.csv\"";
        await context.Response.WriteAsync(UsageCsv.Write(query, page), context.RequestAborted);
    }

    // The same question with its times told, so that all pages are of one time however long reading them takes.
    private static string Next(HttpRequest request, UsageQuery query, UsagePlace last)
    {
        var parameters = new QueryBuilder(request.Query
            .Where(parameter => parameter.Key is not ("after" or "from" or "to"))
            .Select(parameter => KeyValuePair.Create(parameter.Key, parameter.Value.ToString())))
        {
            { "from", UsageTimes.Write(query.From) },
            { "to", UsageTimes.Write(query.Until) },
            { "after", last.Write() },
        };
        return request.Path + parameters.ToQueryString().ToString();
    }
}
