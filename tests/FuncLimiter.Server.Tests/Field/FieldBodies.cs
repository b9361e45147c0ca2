namespace FuncLimiter.Server.Tests.Field;

/// <summary>The bodies that callers send.</summary>
internal static class FieldBodies
{
    public const string ChatPath = "/v1/chat/completions";
    public const string MessagePath = "/v1/messages";
    public const string ResponsePath = "/v1/responses";

    /// <summary>A chat completion.</summary>
    public static string Chat(FieldCase one, string text = "Say hi.") => $$"""{"model":"{{one.Model}}","messages":[{"role":"user","content":"{{text}}"}]}""";

    /// <summary>A message.</summary>
    public static string Message(FieldCase one, string text = "Say hi.") =>
        $$"""{"model":"{{one.Model}}","max_tokens":50,"messages":[{"role":"user","content":"{{text}}"}]}""";

    /// <summary>A response.</summary>
    public static string Response(FieldCase one) => $$"""{"model":"{{one.Model}}","input":"Say hi."}""";

    /// <summary>The same body, asked to be streamed.</summary>
    public static string Streamed(string body) => With(body, "\"stream\":true");

    /// <summary>The same body with one more member at its end.</summary>
    public static string With(string body, string member) => $"{body[..^1]},{member}}}";
}
