using System.Net;
using System.Text;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Durability;

/// <summary>Who gets hold of the log or of the data directory gets no key, and of the log nothing that was said.</summary>
public sealed class StolenTests
{
    private const string Said = "canary-4711-prompt";
    private const string WrongKey = "fl-canary-4711-wrong-key";

    [Fact]
    public async Task LogAndDataDirectory_HoldNoKey_AndTheLogNothingOfWhatWasSaid()
    {
        var setup = new Setup();
        await using var provider = await setup.StartDoubleAsync();
        using var folder = setup.Folder(provider.BaseAddress);
        await using var server = await folder.StartAsync();

        var statuses = new List<HttpStatusCode>
        {
            await PostAsync(server.Client, "/v1/chat/completions", Call("gpt-x"), Setup.AcmeKey),
            await PostAsync(server.Client, "/v1/chat/completions", Call("gpt-x"), WrongKey),
            await PostAsync(server.Client, "/v1/chat/completions", Call("no-such-model"), Setup.AcmeKey),
            await PostAsync(server.Client, "/v1/chat/completions", Call("gpt-x")[..^5], Setup.AcmeKey),
            await PostAsync(server.Client, "/jobs", $$"""{"path":"/v1/chat/completions","body":{{Call("gpt-x")}}}""", Setup.AcmeKey),
            await PostAsync(server.Client, "/admin/weights", """{"tenant":"acme","weight":2}""", WrongKey),
        };
        await provider.DisposeAsync();
        statuses.Add(await PostAsync(server.Client, "/v1/chat/completions", Call("gpt-x"), Setup.AcmeKey));
        Assert.Equal(0, await server.StopAsync());

        Assert.Equal(HttpStatusCode.OK, statuses[0]);
        Assert.Equal(HttpStatusCode.Unauthorized, statuses[1]);
        Assert.Equal(HttpStatusCode.Accepted, statuses[4]);
        Assert.InRange((int)statuses[^1], 500, 599);
        Assert.NotEqual("", server.Output);
        Assert.All([Said, WrongKey, Setup.AcmeKey, Setup.GlobexKey, Setup.ProviderKey, Setup.WebhookSecret], secret =>
            Assert.DoesNotContain(secret, server.Output, StringComparison.Ordinal));
        var files = Directory.EnumerateFiles(folder.Data, "*", SearchOption.AllDirectories).ToList();
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.All([WrongKey, Setup.AcmeKey, Setup.GlobexKey, Setup.ProviderKey, Setup.WebhookSecret], secret =>
            Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) < 0, $"{Path.GetFileName(file)} holds a key.")));
    }

    private static string Call(string model) => $$"""{"model":"{{model}}","messages":[{"role":"user","content":"{{Said}}"}],"max_tokens":5}""";

    private static async Task<HttpStatusCode> PostAsync(HttpClient client, string path, string body, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new("Bearer", key);
        using var answer = await client.SendAsync(request).WaitAsync(TimeSpan.FromMinutes(1));
        return answer.StatusCode;
    }
}
