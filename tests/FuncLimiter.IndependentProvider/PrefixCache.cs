using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace FuncLimiter.IndependentProvider;

/// <summary>
/// The prompt cache: at Anthropic what stands before a <c>cache_control</c> mark, for five minutes after its last use; elsewhere the longest
/// run of whole messages that was seen before.
/// </summary>
internal sealed class PrefixCache
{
    private const double LifetimeSeconds = 300;
    private readonly Dictionary<string, double> _seen = [];

    /// <summary>The tokens that are read from the cache, and those that are written to it.</summary>
    public (int Read, int Written) Look(JsonElement body, Deployment deployment, double now)
    {
        var marks = deployment.Api == Api.Anthropic;
        var (text, tokens, read, longest) = (new StringBuilder(), 0, 0, 0);
        foreach (var block in Blocks(body))
        {
            text.Append(block.GetRawText()).Append('\n');
            tokens += WordTokens.CountPrompt(JsonSerializer.SerializeToElement(new { input = block }));
            if (tokens < deployment.ShortestCached || (marks && !(block.ValueKind == JsonValueKind.Object && block.TryGetProperty("cache_control", out _))))
            {
                continue;
            }

            var key = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
            if (_seen.TryGetValue(key, out var until) && until > now)
            {
                read = tokens;
            }

            longest = tokens;
            _seen[key] = now + LifetimeSeconds;
        }

        var prompt = WordTokens.CountPrompt(body);
        read = Math.Min(read, prompt - 1);
        return (read, marks ? Math.Max(0, Math.Min(longest, prompt - 1) - read) : 0);
    }

    private static IEnumerable<JsonElement> Blocks(JsonElement body)
    {
        foreach (var name in (string[])["tools", "system", "messages", "input", "contents"])
        {
            if (!body.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.Array)
            {
                continue;
            }

            foreach (var item in value.EnumerateArray())
            {
                if (name == "messages" && item.ValueKind == JsonValueKind.Object && item.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.Array)
                {
                    foreach (var block in content.EnumerateArray())
                    {
                        yield return block;
                    }
                }
                else
                {
                    yield return item;
                }
            }
        }
    }
}
