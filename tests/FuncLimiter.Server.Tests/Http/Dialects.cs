using System.Text.Json;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Http;

/// <summary>A call in each dialect, and how each words errors.</summary>
internal sealed record DialectCall(string Path, string Model)
{
    public static readonly DialectCall OpenAI = new("/v1/chat/completions", "gpt-x");
    public static readonly DialectCall Azure = new("/openai/deployments/gpt-z/chat/completions?api-version=2024-10-21", "gpt-z");
    public static readonly DialectCall Anthropic = new("/v1/messages", "claude-x");

    public static DialectCall Of(string name) => name switch { "openai" => OpenAI, "azure" => Azure, _ => Anthropic };

    /// <summary>A body that is right.</summary>
    public string Body(string text = "Hi", object? maxTokens = null, string? model = null, bool stream = false) => JsonSerializer.Serialize(new
    {
        model = model ?? Model,
        max_tokens = maxTokens ?? 5,
        stream,
        messages = new[] { new { role = "user", content = text } },
    });

    /// <summary>The path with another model, where the path names it.</summary>
    public string PathTo(string model) => Path.Replace("gpt-z", model, StringComparison.Ordinal);

    /// <summary>The word for what is wrong, after the answer was seen to have the dialect's form.</summary>
    public string Word(Reply reply)
    {
        Assert.StartsWith("application/json", reply.Headers["Content-Type"], StringComparison.Ordinal);
        var error = reply.Json["error"]!;
        Assert.NotEmpty(error["message"]!.GetValue<string>());
        if (this != Anthropic)
        {
            return error["code"]!.GetValue<string>();
        }

        Assert.Equal("error", reply.Json["type"]!.GetValue<string>());
        return error["type"]!.GetValue<string>();
    }
}
