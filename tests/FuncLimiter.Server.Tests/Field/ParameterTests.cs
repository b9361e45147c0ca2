using System.Text;

namespace FuncLimiter.Server.Tests.Field;

/// <summary>What a provider documents, or its servers take, passes as it was written.</summary>
[Collection(BodiesCases.Name)]
public sealed class ParameterTests(BodiesSetup setup)
{
    [Theory]
    [InlineData("cache-warming", FieldBodies.MessagePath, "0")]
    [InlineData("decimal-max-tokens", FieldBodies.ChatPath, "4096.0")]
    [InlineData("unbounded-max-tokens", FieldBodies.ChatPath, "-1")]
    public async Task MaxTokens_ThatTheProviderTakes_ArrivesAsItWasWritten(string name, string path, string value)
    {
        var one = setup.Server[name];
        var body = $$"""{"model":"{{one.Model}}","messages":[{"role":"user","content":"Say hi."}],"max_tokens":{{value}}}""";

        var reply = await setup.Server.PostAsync(one, path, body);

        Assert.True(reply.Status == 200, reply.ToString());
        Assert.Equal(body, Encoding.UTF8.GetString(Assert.Single(one.A.Requests).Body));
    }
}
