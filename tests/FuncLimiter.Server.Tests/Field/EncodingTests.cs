using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;

namespace FuncLimiter.Server.Tests.Field;

/// <summary>Codings of bodies are undone where their content matters, on the way there and back.</summary>
[Collection(BodiesCases.Name)]
public sealed class EncodingTests(BodiesSetup setup)
{
    private static readonly string Pad = string.Concat(Enumerable.Repeat("abc ", 400));

    /// <summary>What the command <c>zstd</c> makes of the body below.</summary>
    private const string ZstdResponse =
        "KLUv/WSCBVUCAGIEEBigpxkDQMgiobf9v44TUjabApgQN0/WD2GtTQ4DvxPT7MbFxFV0mTgAYsDie1cSnMurdBG0YHLVwaDvgOYAzQIBAEOO/y4K6+7RGg==";

    private FieldServer Server => setup.Server;

    [Fact]
    public async Task GzippedRequest_IsServedAndArrivesAsTheSameJson()
    {
        var one = Server["gzip-request"];
        var body = FieldBodies.With(FieldBodies.Chat(one), $$"""
            "metadata":{"pad":"{{Pad}}"}
            """);

        var reply = await Server.SendAsync(one, "POST", FieldBodies.ChatPath, FieldAnswers.Gzip(Encoding.UTF8.GetBytes(body)), ("Content-Encoding", "gzip"));

        AssertServed(one, reply, body);
    }

    [Fact]
    public async Task ZstdRequest_IsServedAndArrivesAsTheSameJson()
    {
        var one = Server["zstd-request"];
        var body = FieldBodies.With(FieldBodies.Response(one), $$"""
            "metadata":{"pad":"{{Pad}}"}
            """);

        var reply = await Server.SendAsync(one, "POST", FieldBodies.ResponsePath, Convert.FromBase64String(ZstdResponse), ("Content-Encoding", "zstd"));

        AssertServed(one, reply, body);
    }

    [Fact]
    public async Task UnknownCoding_IsRefusedByItsName()
    {
        var one = Server["snappy-request"];

        var reply = await Server.SendAsync(
            one, "POST", FieldBodies.ChatPath, [0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59], ("Content-Encoding", "snappy"));

        Assert.True(reply.Status == 415, reply.ToString());
        Assert.Contains("snappy", reply.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(one.A.Requests);
    }

    [Theory]
    [InlineData("gzip-answer", false)]
    [InlineData("gzip-stream", true)]
    public async Task GzippedAnswer_IsReadableAndItsUsageIsCounted(string name, bool isStreamed)
    {
        var one = Server[name];
        one.A.Answer = FieldAnswers.Gzipped(1111, 22);
        var chat = FieldBodies.Chat(one);

        var reply = await Server.PostAsync(one, FieldBodies.ChatPath, isStreamed ? FieldBodies.Streamed(chat) : chat);

        Assert.True(reply.Status == 200, reply.ToString());
        Assert.Contains("from A", reply.Text, StringComparison.Ordinal);
        var usage = await Server.UsageAsync(one, row => row["inputTokens"]?.GetValue<long>() == 1111);
        Assert.Equal((1111, 22), (usage?["inputTokens"]?.GetValue<long>(), usage?["outputTokens"]?.GetValue<long>()));
    }

    private static void AssertServed(FieldCase one, FieldReply reply, string body)
    {
        Assert.True(reply.Status == 200, reply.ToString());
        Assert.Contains("from A", reply.Text, StringComparison.Ordinal);
        var arrived = Assert.Single(one.A.Requests);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(body), JsonNode.Parse(Plain(arrived))));
    }

    private static byte[] Plain(FieldRequest request)
    {
        if (!request.Headers.TryGetValue("Content-Encoding", out var coding))
        {
            return request.Body;
        }

        Assert.Equal("gzip", coding);
        using var plain = new MemoryStream();
        using var gzip = new GZipStream(new MemoryStream(request.Body), CompressionMode.Decompress);
        gzip.CopyTo(plain);
        return plain.ToArray();
    }
}
