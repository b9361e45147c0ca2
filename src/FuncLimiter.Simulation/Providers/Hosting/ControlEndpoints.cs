using System.Text.Json;
using FuncLimiter.Simulation.Providers.Faults;
using FuncLimiter.Simulation.Providers.Reports;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Simulation.Providers.Hosting;

/// <summary><c>GET /_double/report</c>, <c>POST /_double/reset</c>, <c>POST /_double/faults</c>: for tests in other processes.</summary>
internal static class ControlEndpoints
{
    public const string Prefix = "/_double/";
    private const int MostBytes = 1024 * 1024;

    public static async Task HandleAsync(HttpContext context, ProviderDouble provider)
    {
        switch (context.Request.Method, context.Request.Path.Value)
        {
            case ("GET", "/_double/report"):
                context.Response.ContentType = "application/json";
                await JsonSerializer.SerializeAsync(
                    context.Response.Body, provider.Report(), ReportJson.Default.DoubleReport, context.RequestAborted);
                break;
            case ("POST", "/_double/reset"):
                provider.Reset();
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                break;
            case ("POST", "/_double/faults"):
                await AddFaultsAsync(context, provider);
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                break;
        }
    }

    private static async Task AddFaultsAsync(HttpContext context, ProviderDouble provider)
    {
        using var body = await BodyBuffer.ReadAsync(context.Request, MostBytes);
        try
        {
            var (rules, clear) = FaultRuleReader.Read(body?.Bytes.ToArray() ?? throw new FormatException("The body is larger than 1 MB."));
            provider.AddFaults(rules, clear);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        catch (Exception wrong) when (wrong is FormatException or JsonException or InvalidOperationException)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync(wrong.Message, context.RequestAborted);
        }
    }
}
