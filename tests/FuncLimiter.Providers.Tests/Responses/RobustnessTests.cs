using FsCheck;
using FsCheck.Fluent;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Tests.Properties;

namespace FuncLimiter.Providers.Tests.Responses;

/// <summary>Whatever arrives, it is read; what makes no sense is passed over.</summary>
public class RobustnessTests
{
    private static readonly string[] Values =
    [
        "", " ", "0", "-1", "1", "1.5", "99999999999999999999", "1e9", "NaN", "soon", "5m3", "1m30s", "-5s", "1788264042", "1788264042000",
        "Tue, 01 Sep 2026 12:01:30 GMT", "2026-09-01T12:00:38Z", "3, 7", "\"a\";q=1;w=2", "\"a\";r=0;t=5", "\"", ";;;", "==", "true", "false", "yes",
        "ThrottlingException:http://x", "\0", "é",
    ];

    private static readonly string[] Bodies =
    [
        "{\"error\":", "{\"error\":{\"message\":", "\"{\\\"error\\\":{}}\"", "{\"usage\":{\"prompt_tokens\":", "\"usageMetadata\":{", "[{", "]}", "}}",
        "{\"type\":\"error\"}", "{\"object\":\"batch\",\"status\":\"x\"}", "\"details\":[{\"violations\":[{\"quotaId\":\"PerDay\"}]}]",
        "{\"error\":{\"metadata\":{\"headers\":{\"X-RateLimit-Reset\":1}}}}", "\"\\ud800\"", "{\"us\\u0061ge\":{}}", "{\"\\ud800\":1}",
        "Limit 1, Used 99999999999999999, Requested 1 on tokens per min. try again in 99999999999999999s",
    ];

    [Fact]
    public void Read_OfAnythingAtAll_NeverThrows() => Always.Holds(Anything(), response =>
    {
        foreach (var id in ProviderCatalog.Ids)
        {
            var reading = ProviderCatalog.Get(id).Read(response.Status, response.Header, response.ContentType, response.Body, Answer.Now);
            if (!IsSane(reading, response.Status))
            {
                return false;
            }
        }

        return true;
    });

    [Fact]
    public void ReadStream_OfAnythingCutAnywhere_NeverThrows() => Always.Holds(Cuts.Random(), cut =>
    {
        foreach (var id in ProviderCatalog.Ids)
        {
            var stream = ProviderCatalog.Get(id).ReadStream();
            foreach (var chunk in Cuts.Apply(cut.Bytes, cut.Lengths))
            {
                stream.Append(chunk);
            }

            if (stream.Usage is { } usage && (usage.InputTokens < 0 || usage.OutputTokens < 0))
            {
                return false;
            }
        }

        return true;
    });

    private static bool IsSane(ResponseReading reading, int status) =>
        reading.RetryAfterSeconds is null or >= 0
        && reading.Observation.RetryAfter is null or { Ticks: >= 0 }
        && reading.RetryAfterSeconds is null == reading.RetryAfterSource is null
        && reading.Observation.Readings.All(told => told.Limit is null or >= 0 && told.Remaining is null or >= 0 && told.ResetIn is null or { Ticks: >= 0 })
        && reading.Reason == Reasons.Ok == (reading.Observation.Kind == OutcomeKind.Success)
        && (reading.Reason != Reasons.Ok || (status is >= 200 and < 300 && !reading.Retryable && reading.Observation.RetryAfter is null));

    private static Gen<Response> Anything()
    {
        var body = Gen.OneOf(
            Gen.Elements(Bodies).ListOf().Select(parts => System.Text.Encoding.UTF8.GetBytes(string.Concat(parts))),
            Cuts.Random().Select(cut => cut.Bytes));
        return from status in Gen.Elements(200, 201, 400, 401, 402, 403, 404, 408, 409, 412, 413, 424, 429, 498, 500, 503, 529, 0, 304, 999)
               from values in Gen.Elements(Values).ArrayOf(7)
               from type in Gen.Elements(null, "application/json", "text/event-stream", "application/vnd.amazon.eventstream", "text/html")
               from bytes in body
               select new Response(status, values, type, bytes);
    }

    private sealed record Response(int Status, string[] Values, string? ContentType, byte[] Body)
    {
        /// <summary>Every header has one of the values, or none.</summary>
        public string? Header(string name) =>
            Values[Math.Abs(StringComparer.Ordinal.GetHashCode(name) % Values.Length)] is { Length: > 0 } value ? value : null;
    }
}
