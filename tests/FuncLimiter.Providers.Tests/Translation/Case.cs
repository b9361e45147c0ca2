using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Providers.Tests.Translation;

/// <summary>What all translation tests do: one call there, its answer back.</summary>
internal static class Case
{
    public static readonly AnswerTerms Terms = new("abc", "asked-model", DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), StreamUsage: true);

    public static CallTranslation Way(Operation from, Wire to) => CallTranslation.For(from, to)!;

    public static TranslatableRequest Read(Operation from, string body) => TranslatableRequest.Read(from, Encoding.UTF8.GetBytes(body));

    /// <summary>The reasons why a request can't go this way.</summary>
    public static string[] Losses(Operation from, Wire to, string body) =>
        [.. Way(from, to).Check(Read(from, body), Provider(to)).Select(loss => loss.ToString())];

    /// <summary>Someone who offers an API and has no rules of its own.</summary>
    public static Provider Provider(Wire to) => ProviderCatalog.Get(to switch
    {
        Wire.Messages => "anthropic",
        Wire.GenerateContent => "gemini",
        Wire.Converse or Wire.HostedMessages => "bedrock",
        _ => "openai",
    });

    /// <summary>The translated request, of which nothing may be lost.</summary>
    public static string Request(Operation from, Wire to, string body, RequestTerms? terms = null)
    {
        var request = Read(from, body);
        Assert.Empty(Way(from, to).Check(request, Provider(to)));
        return Encoding.UTF8.GetString(Way(from, to).Write(request, terms ?? new RequestTerms("their-model")));
    }

    /// <summary>The translated answer.</summary>
    public static string Answer(Operation from, Wire to, string body)
    {
        var answer = Way(from, to).Answer(Encoding.UTF8.GetBytes(body), Terms, out var problem);
        Assert.Null(problem);
        return Encoding.UTF8.GetString(answer!);
    }

    /// <summary>The translated stream, whose bytes arrive in pieces.</summary>
    public static string Stream(Operation from, Wire to, IEnumerable<byte[]> pieces, AnswerTerms? terms = null)
    {
        using var translator = Way(from, to).Stream(from == Operation.Messages ? Dialect.Anthropic : Dialect.OpenAI, terms ?? Terms)!;
        var output = new ArrayBufferWriter<byte>();
        foreach (var piece in pieces)
        {
            translator.Append(piece, output);
        }

        translator.Complete(output);
        Assert.True(translator.IsEnded);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    public static string Stream(Operation from, Wire to, string bytes) => Stream(from, to, [Encoding.UTF8.GetBytes(bytes)]);

    public static void SameJson(string expected, string actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(actual)), $"expected {expected}\nbut got  {actual}");
}
