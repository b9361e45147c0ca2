using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Tests.Fixtures;

public class ProviderFixtureTests
{
    [Theory]
    [MemberData(nameof(FixtureFiles.All), MemberType = typeof(FixtureFiles))]
    public void Response_IsReadAsExpected(string file, int place, string name)
    {
        Assert.NotEmpty(name);
        var fixture = FixtureFiles.Load(file, place);
        var reading = FixtureResponse.Read(fixture);

        foreach (var expectation in fixture.GetProperty("expect").EnumerateObject())
        {
            Check(expectation.Name, expectation.Value, reading, fixture);
        }
    }

    private static void Check(string name, JsonElement expected, ResponseReading reading, JsonElement fixture)
    {
        switch (name)
        {
            case "retryAfterSeconds": AssertNumber(expected, reading.RetryAfterSeconds, name); break;
            case "retryAfterSource": Assert.Equal(expected.GetString(), reading.RetryAfterSource); break;
            case "retryable": Assert.Equal(expected.GetBoolean(), reading.Retryable); break;
            case "reason": Assert.Equal(expected.GetString(), reading.Reason); break;
            case "usageFinal": Assert.Equal(expected.GetBoolean(), reading.UsageFinal); break;
            case "overLimit": Assert.Equal(expected.GetBoolean(), reading.OverLimit); break;
            case "limits": CheckLimits(expected, reading); break;
            case "usage": CheckUsage(expected, reading.Usage); break;
            case "bodyHints": AssertSame(expected, reading.BodyHints); break;
            case "batch": AssertSame(expected, reading.Batch); break;
            case "charged" when expected.TryGetProperty("burndown", out _): CheckBurndown(expected, reading, fixture); break;
            case "costUsd": AssertNumber(expected, (double?)reading.CostUsd, name); break;
            case "billed": AssertSame(expected, reading.Billed); break;
            case "charged": AssertSame(expected, reading.Charged); break;
            case "notes": break;
            default: Assert.Fail($"No check for '{name}'."); break;
        }
    }

    private static void CheckLimits(JsonElement expected, ResponseReading reading)
    {
        Assert.Equal(expected.EnumerateObject().Select(limit => limit.Name).Order(), reading.Limits.Keys.Order());
        foreach (var limit in expected.EnumerateObject())
        {
            AssertSame(limit.Value, reading.Limits[limit.Name]);
        }
    }

    private static void CheckUsage(JsonElement expected, TokenUsage? usage)
    {
        if (expected.ValueKind == JsonValueKind.Null)
        {
            Assert.Null(usage);
            return;
        }

        Assert.NotNull(usage);
        AssertSame(expected, usage.Value);
    }

    /// <summary>Bedrock's figures are of the charge rule: what is held at the start, and what stands at the end.</summary>
    private static void CheckBurndown(JsonElement expected, ResponseReading reading, JsonElement fixture)
    {
        var model = expected.GetProperty("burndown").GetDouble() switch { 5 => "anthropic.claude-sonnet-4-5", 10 => "anthropic.claude-opus-5", 15 => "anthropic.claude-opus-4-8", _ => "amazon.nova-pro" };
        var facts = new RequestFacts(Operation.ChatCompletions, model, 0, 0, false, expected.GetProperty("maxTokens").GetInt64(), 1, 0, 0);
        var used = Assert.NotNull(reading.Usage);
        var provider = FixtureResponse.ProviderOf(fixture);

        var start = provider.ChargeAtStart(facts, new TokenEstimate(used.InputTokens, used.OutputTokens, used.CacheReadTokens));
        var end = provider.ChargeAtEnd(facts, start, used, OutcomeKind.Success);

        Assert.Equal(expected.GetProperty("atStart").GetInt64(), start.Tokens);
        Assert.Equal(expected.GetProperty("settled").GetInt64(), end.Tokens);
    }

    /// <summary>Every field expected is there with that value, and no other field is known.</summary>
    private static void AssertSame<T>(JsonElement expected, T actual)
    {
        Assert.NotNull(actual);
        var told = JsonSerializer.SerializeToElement(actual, JsonSerializerOptions.Web).EnumerateObject()
            .Where(field => field.Value.ValueKind != JsonValueKind.Null)
            .ToDictionary(field => field.Name, field => field.Value);
        Assert.Equal(expected.EnumerateObject().Select(field => field.Name).Order(), told.Keys.Order());
        foreach (var field in expected.EnumerateObject())
        {
            if (field.Value.ValueKind == JsonValueKind.Number)
            {
                AssertNumber(field.Value, told[field.Name].GetDouble(), field.Name);
            }
            else
            {
                Assert.Equal(field.Value.ToString(), told[field.Name].ToString());
            }
        }
    }

    private static void AssertNumber(JsonElement expected, double? actual, string name)
    {
        double? wanted = expected.ValueKind == JsonValueKind.Null ? null : expected.GetDouble();
        Assert.True(
            wanted is null == actual is null && Math.Abs((wanted ?? 0) - (actual ?? 0)) <= 1e-9 * Math.Max(1, Math.Abs(wanted ?? 0)),
            $"{name}: expected {wanted?.ToString() ?? "null"}, read {actual?.ToString() ?? "null"}.");
    }
}
