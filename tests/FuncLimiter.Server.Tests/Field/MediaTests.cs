using System.Security.Cryptography;
using System.Text;

namespace FuncLimiter.Server.Tests.Field;

/// <summary>Base64 of media is media, however JSON writes it; long prose is not.</summary>
[Collection(BodiesCases.Name)]
public sealed class MediaTests(BodiesSetup setup)
{
    private const int MediaBytes = 450_000;
    private const int LineCharacters = 76;
    private static readonly (string, string) ShortWait = ("Prefer", "wait=3");
    private static readonly string Base64 = $"/9j/4AAQSkZJRg+/A+/B{Convert.ToBase64String(RandomNumberGenerator.GetBytes(MediaBytes))}";
    private static readonly string Wrapped = string.Join("\\n", Base64.Chunk(LineCharacters).Select(line => new string(line)));

    private FieldServer Server => setup.Server;

    [Fact]
    public Task Image_WithEscapedSlashes_CountsAsAnImage() =>
        AssertServedAsync("escaped-image", FieldBodies.MessagePath, one => Image(one, Base64).Replace("/", "\\/", StringComparison.Ordinal));

    [Fact]
    public Task Image_WithLineBreaks_CountsAsAnImage() => AssertServedAsync("wrapped-image", FieldBodies.MessagePath, one => Image(one, Wrapped));

    [Fact]
    public Task Audio_WithLineBreaks_CountsAsAudio() => AssertServedAsync("wrapped-audio", FieldBodies.ChatPath, one => $$$$"""
        {"model":"{{{{one.Model}}}}","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"{{{{Wrapped}}}}","format":"wav"}}]}],"max_tokens":50}
        """);

    [Fact]
    public Task GeneratedImage_ThatIsSentBack_CountsAsAnImage() => AssertServedAsync("image-call", FieldBodies.ResponsePath, one => $$"""
        {"model":"{{one.Model}}","input":[{"type":"image_generation_call","id":"ig_1","status":"completed","result":"{{Base64}}"},{"role":"user","content":"Brighter."}],"max_output_tokens":50}
        """);

    [Fact]
    public async Task Prose_WithEscapedSlashes_CountsAsText()
    {
        var one = Server["escaped-prose"];
        var prose = string.Concat(Enumerable.Repeat("either/or, and so on\\n", 25_000));

        var reply = await Server.PostAsync(
            one, FieldBodies.MessagePath, FieldBodies.Message(one, prose).Replace("/", "\\/", StringComparison.Ordinal), ShortWait);

        Assert.True(reply.Status == 413, reply.ToString());
        Assert.Empty(one.A.Requests);
    }

    private static string Image(FieldCase one, string data) => $$$$"""
        {"model":"{{{{one.Model}}}}","max_tokens":50,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"{{{{data}}}}"}}]}]}
        """;

    private async Task AssertServedAsync(string name, string path, Func<FieldCase, string> write)
    {
        var one = Server[name];
        var body = Encoding.UTF8.GetBytes(write(one));

        var reply = await Server.SendAsync(one, "POST", path, body, ShortWait);

        Assert.True(reply.Status == 200, reply.ToString());
        Assert.True(Assert.Single(one.A.Requests).Body.AsSpan().SequenceEqual(body), "The body that arrived is another.");
    }
}
