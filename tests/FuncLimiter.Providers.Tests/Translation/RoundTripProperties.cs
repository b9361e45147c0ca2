using System.Text;
using System.Text.Json.Nodes;
using FsCheck.Fluent;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Tests.Properties;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Providers.Tests.Translation;

public class RoundTripProperties
{
    private static readonly RequestTerms Terms = new("their-model");

    [Fact]
    public void Chat_ReadAndWrittenAgain_IsTheSameRequest() => Always.Holds(
        Requests.Chat(forAll: true),
        body => JsonNode.DeepEquals(JsonNode.Parse(body), JsonNode.Parse(Again(Operation.ChatCompletions, Wire.ChatCompletions, body))));

    [Fact]
    public void Messages_ReadAndWrittenAgain_AreTheSameRequest() => Always.Holds(
        Requests.Chat(forAll: false),
        body =>
        {
            var messages = Case.Request(Operation.ChatCompletions, Wire.Messages, body);
            return JsonNode.DeepEquals(JsonNode.Parse(messages), JsonNode.Parse(Again(Operation.Messages, Wire.Messages, messages)));
        });

    [Fact]
    public void Chat_ThroughAnthropicAndBack_IsTheSameRequest() => Always.Holds(
        Requests.Chat(forAll: false),
        body => JsonNode.DeepEquals(
            JsonNode.Parse(body),
            JsonNode.Parse(Case.Request(Operation.Messages, Wire.ChatCompletions, Case.Request(Operation.ChatCompletions, Wire.Messages, body)))));

    [Theory]
    [InlineData(Wire.GenerateContent)]
    [InlineData(Wire.Converse)]
    public void Chat_ThatIsEligible_IsWrittenWithAllOfItsWords(Wire to) => Always.Holds(
        Requests.Chat(forAll: false),
        body => Case.Losses(Operation.ChatCompletions, to, body).Length > 0
            || Requests.Words(body).All(word => Case.Request(Operation.ChatCompletions, to, body).Contains(word, StringComparison.Ordinal)));

    [Fact]
    public void Body_OfAnyJson_IsEitherNotEligibleOrWritten() => Always.Holds(
        Gen.Elements(Requests.Fragments).ListOf().Select(parts => $"{{\"messages\":[{string.Join(',', parts)}],\"tools\":[{string.Join(',', parts.Take(2))}]}}"),
        body => new[] { Wire.Messages, Wire.GenerateContent, Wire.Converse }.All(to =>
            Case.Losses(Operation.ChatCompletions, to, body).Length > 0 || JsonNode.Parse(Case.Request(Operation.ChatCompletions, to, body)) is not null));

    /// <summary>Reads a request and writes it in the API in which it came.</summary>
    private static string Again(Operation from, Wire same, string body)
    {
        var request = Case.Read(from, body);
        Assert.Empty(request.Losses);
        using var buffer = new MemoryStream();
        using (var json = new System.Text.Json.Utf8JsonWriter(buffer))
        {
            CallTranslation.WriteRequest(json, same, request.Conversation, Terms);
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
