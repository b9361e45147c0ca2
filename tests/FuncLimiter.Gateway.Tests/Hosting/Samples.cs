using System.Security.Cryptography;
using System.Text;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Tests.Hosting;

/// <summary>Configurations and bodies that tests share.</summary>
internal static class Samples
{
    public const string AcmeKey = "fl-acme-key";
    public const string AccountKey = "sk-account-secret";

    public const string Chat = """{"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"max_tokens":50}""";
    public const string ChatStream = """{"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"stream":true,"stream_options":{"include_usage":true}}""";
    public const string Message = """{"model":"claude-x","max_tokens":50,"messages":[{"role":"user","content":"Hi"}]}""";

    public const string ChatAnswer =
        """{"id":"chatcmpl-1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18,"prompt_tokens_details":{"cached_tokens":4}}}""";

    public const string MessageAnswer =
        """{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn","usage":{"input_tokens":12,"output_tokens":5}}""";

    public const string RateLimited =
        """{"error":{"message":"Rate limit reached for gpt-x on tokens per min (TPM): Limit 100, Used 100, Requested 50. Please try again in 84ms.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}""";

    public const string OutOfQuota =
        """{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}""";

    /// <summary>Anyone may call; one account of each dialect, and a route over two accounts.</summary>
    public static GatewayConfiguration Open(Uri provider) => new()
    {
        Accounts =
        [
            Account("openai-1", "openai", provider, "gpt-x"),
            Account("openai-2", "openai", provider, "gpt-y"),
            Account("azure-1", "azure-openai", provider, "gpt-z"),
            Account("anthropic-1", "anthropic", provider, "claude-x"),
        ],
        Routes =
        [
            new("gpt-x", ["openai-1/gpt-x"], []),
            new("smart", ["openai-1/gpt-x"], ["openai-2/gpt-y"]),
            new("gpt-z", ["azure-1/gpt-z"], []),
            new("claude-x", ["anthropic-1/claude-x"], []),
        ],
    };

    /// <summary>The same with tenants, so that keys are asked for.</summary>
    public static GatewayConfiguration Keyed(Uri provider) => Open(provider) with
    {
        Tenants =
        [
            new("acme", [Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(AcmeKey)))], 1, [], []),
            new("globex", [Convert.ToHexStringLower(SHA256.HashData("fl-globex-key"u8))], 1, [], []),
        ],
    };

    private static AccountConfiguration Account(string id, string provider, Uri endpoint, string model) =>
        new(id, provider, null, endpoint, AccountKey, [], [new ModelConfiguration(model, [], new PriceConfiguration(2m, 1m, 10m))]);
}
