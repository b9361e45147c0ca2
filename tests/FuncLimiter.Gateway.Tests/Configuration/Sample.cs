using System.Text.Json.Nodes;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Tests.Configuration;

/// <summary>A valid configuration that uses every member, and ways to change it.</summary>
internal static class Sample
{
    public const string OpenAIKey = "sk-live-0123456789abcdef";
    public const string HookSecret = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0";

    public static readonly string KeyHash = new('a', 64);

    private const string Text = """
        {
          // Comments and trailing commas are taken.
          "$schema": "funclimiter.schema.json",
          "accounts": [
            {
              "id": "openai-east", "provider": "openai", "region": "eastus",
              "endpoint": "https://api.openai.com", "apiKey": "${OPENAI_KEY_EAST}",
              "limits": { "rpm": 10000 },
              "sharedLimits": ["openai-org"],
              "batch": {
                "minDeadlineSeconds": 7200, "reserveSeconds": 1800, "collectSeconds": 60, "pollSeconds": 30,
                "minCalls": 20, "maxCalls": 1000, "maxBytes": 1000000, "maxQueuedTokens": 5000000,
              },
              "models": [
                {
                  "model": "gpt-x",
                  "limits": { "rpm": 600, "tpm": 120000, "rpd": 10000, "tpd": 2000000, "concurrent": 50, "burstSeconds": 6, "algorithm": "bucket" },
                  "price": { "input": 2.5, "cachedInput": 1.25, "cacheWrite": 3.125, "output": 10, "batchDiscount": 0.4 },
                },
                { "model": "gpt-y", "tier": "small", "sharedLimits": ["gpt-y-org"] },
              ],
              "termsChecked": true,
            },
            { "id": "openai-west", "provider": "openai", "apiKey": "${OPENAI_KEY_EAST}", "models": [{ "model": "gpt-x" }], "sharedLimits": ["openai-org"] },
            {
              "id": "anthropic-1", "provider": "anthropic", "apiKey": "${HOOK}",
              "models": [{ "model": "claude-x", "limits": { "rpm": 50, "itpm": 40000, "otpm": 8000 }, "price": { "input": 3, "output": 15 } }],
            },
          ],
          "sharedLimits": [
            { "id": "openai-org", "limits": { "rpm": 20000, "tpm": 4000000 } },
            { "id": "gpt-y-org", "limits": { "rpm": 900 } },
          ],
          "routes": [{ "model": "gpt-x", "targets": ["openai-east/gpt-x", "openai-west/gpt-x"], "fallback": ["anthropic-1/claude-x"],
            "smaller": ["openai-east/gpt-y"],
            "simple": [{ "step": "classify*", "maxInputTokens": 2000, "when": "always" }, { "workflow": "triage" }],
          }],
          "tenants": [
            { "id": "acme", "keys": ["sha256:HASH"], "weight": 3, "highestPriority": "standard", "limits": { "tpm": 50000 }, "userLimits": { "rpm": 60 }, "webhookSecret": "${HOOK}",
              "organization": "acme inc", "models": ["gpt-x", "claude-x"],
              "modelLimits": [{ "model": "claude-x", "tpm": 20000, "rpm": 30, "burstSeconds": 10, "algorithm": "bucket" }], "allow": { "providers": ["openai", "anthropic"], "regions": [], "accounts": [] } },
          ],
          "budgets": [
            { "for": "run", "calls": 100, "seconds": 3600, "keepForClosing": 0.1, "waitForRaiseSeconds": 60 },
            { "for": "user", "tenant": "acme", "name": "ann", "per": "week", "timeZone": "Europe/Berlin", "tokens": 100000, "action": "warn" },
            { "for": "model", "name": "claude-x", "per": "month", "usd": 500 },
          ],
          "queue": {
            "maxWaitSeconds": { "interactive": 15, "standard": 100, "background": 1800.5 },
            "maxWaiting": 5000, "maxWaitingBytes": 100000000, "standardFloor": 0.2, "backgroundFloor": 0.1,
          },
          "alerts": { "warnAt": 0.7, "actAt": 0.95, "webhook": "https://hooks.example.com/alerts", "webhookSecret": "${HOOK}" },
          "admin": { "keys": ["sha256:5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"] },
          "jobs": {
            "maxRunning": 32, "maxWaiting": 50000, "maxCalls": 500, "deadlineSeconds": 600, "keepResultsHours": 24,
            "webhookSecret": "${HOOK}", "webhooksToPrivateNetworks": true,
          },
          "usage": { "keepHoursDays": 20, "keepDays": 200, "maxRows": 5000 },
        }
        """;

    public static string Json => Text.Replace("HASH", KeyHash, StringComparison.Ordinal);

    public static string? Environment(string name) => name switch
    {
        "OPENAI_KEY_EAST" => OpenAIKey,
        "HOOK" => HookSecret,
        _ => null,
    };

    public static ConfigurationResult Read(string json) => ConfigurationReader.Read(json, Environment);

    public static GatewayConfiguration Valid(string json)
    {
        var result = Read(json);
        Assert.Empty(result.Mistakes);
        return result.Configuration!;
    }

    public static JsonNode Node() => JsonNode.Parse(Json, documentOptions: new() { AllowTrailingCommas = true, CommentHandling = System.Text.Json.JsonCommentHandling.Skip })!;

    /// <summary>The sample with one place set to other JSON; null leaves the member out.</summary>
    public static string With(string path, string? json)
    {
        var root = Node();
        var steps = path.Split('.', '[').Select(step => step.TrimEnd(']')).ToArray();
        var owner = steps[..^1].Aggregate(root, (node, step) => int.TryParse(step, out var index) ? node[index]! : node[step]!);
        var value = json is null ? null : JsonNode.Parse(json);
        if (owner is JsonArray list)
        {
            var index = int.Parse(steps[^1], System.Globalization.CultureInfo.InvariantCulture);
            list.RemoveAt(Math.Min(index, list.Count - 1));
            list.Insert(index, value);
        }
        else if (json is null)
        {
            owner.AsObject().Remove(steps[^1]);
        }
        else
        {
            owner[steps[^1]] = value;
        }

        return root.ToJsonString();
    }

    /// <summary>The one mistake that such a change makes.</summary>
    public static ConfigurationMistake Mistake(string path, string? json) => Assert.Single(Read(With(path, json)).Mistakes);
}
