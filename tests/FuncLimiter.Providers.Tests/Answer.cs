using System.Text;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Tests;

/// <summary>One answer of a provider, put together in a test.</summary>
internal static class Answer
{
    public static readonly DateTimeOffset Now = new(2026, 9, 1, 12, 0, 0, TimeSpan.Zero);

    public static ResponseReading Read(string provider, int status, string? body = null, params (string Name, string Value)[] headers)
    {
        var found = headers.ToDictionary(header => header.Name, header => header.Value, StringComparer.OrdinalIgnoreCase);
        return ProviderCatalog.Get(provider).Read(
            status, name => found.GetValueOrDefault(name), "application/json", Encoding.UTF8.GetBytes(body ?? ""), Now);
    }

    /// <summary>An error as OpenAI writes it.</summary>
    public static string Error(string message, string? type = null, string? code = null) =>
        $$$"""{"error":{"message":"{{{message}}}","type":{{{Quote(type)}}},"param":null,"code":{{{Quote(code)}}}}}""";

    private static string Quote(string? text) => text is null ? "null" : $"\"{text}\"";
}
