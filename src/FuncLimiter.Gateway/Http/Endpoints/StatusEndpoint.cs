using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Admin;
using FuncLimiter.Gateway.Admission;
using FuncLimiter.Gateway.Alerts;
using FuncLimiter.Gateway.Headers;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Gateway.Telemetry;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary><c>GET /status</c> and <c>GET /metrics</c>: how full every budget and queue is.</summary>
public sealed class StatusEndpoint
{
    private const string PrometheusText = "text/plain; version=0.0.4; charset=utf-8";

    private readonly Authenticator _authenticator;
    private readonly ILimiter _limiter;
    private readonly AdmissionHeaders _headers;
    private readonly MetricSeries _series;
    private readonly OperatorGate _gate;
    private readonly AlertBoard _alerts;

    internal StatusEndpoint(
        Authenticator authenticator, ILimiter limiter, AdmissionHeaders headers, MetricSeries series, OperatorGate gate, AlertBoard alerts)
    {
        (_authenticator, _limiter, _headers) = (authenticator, limiter, headers);
        (_series, _gate, _alerts) = (series, gate, alerts);
    }

    /// <summary>Answers with JSON.</summary>
    /// <param name="context">The request and its response.</param>
    public async Task StatusAsync(HttpContext context)
    {
        if (await ReportAsync(context) is { } report)
        {
            await JsonResponse.WriteAsync(context, 200, json => StatusJson.Write(json, report, _headers, _alerts));
        }
    }

    /// <summary>Answers with Prometheus text.</summary>
    /// <param name="context">The request and its response.</param>
    public async Task MetricsAsync(HttpContext context)
    {
        if (await ReportAsync(context) is { } report)
        {
            context.Response.ContentType = PrometheusText;
            var series = _gate.IsOperator(context) ? _series : null;
            await context.Response.WriteAsync(MetricsText.Write(report, series), context.RequestAborted);
        }
    }

    private async Task<LimiterReport?> ReportAsync(HttpContext context)
    {
        if (_gate.IsOperator(context))
        {
            return _limiter.Report();
        }

        if (_authenticator.Authenticate(context.Request.Headers, out var error) is { } tenant)
        {
            return ReportScope.For(_limiter.Report(), tenant.Tenant);
        }

        await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, error!);
        return null;
    }
}
