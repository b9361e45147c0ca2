using System.Text;
using System.Text.Json.Nodes;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Endpoints;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Functions.Tests.Hosting;

/// <summary>What operators may change while the app runs.</summary>
public class AdminTests
{
    [Theory]
    [InlineData("/admin/limits", """{"scope":"deployment:one/gpt-x","dimension":"requests","windowSeconds":60,"amount":5}""", "account|model")]
    [InlineData("/admin/weights", """{"tenant":"acme","weight":2}""", "whole tenant")]
    [InlineData("/admin/revocations", """{"tenant":"acme","hash":"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"}""", "whole tenant")]
    public void ChangeOfWhatInstancesShare_IsRefusedWithWhereToMakeIt(string path, string body, string where) => AppWorld.Run(async world =>
    {
        var (status, text) = await AskAsync(world, path, body);

        var error = JsonNode.Parse(text)!["error"]!;
        var message = error["message"]!.GetValue<string>();
        Assert.Equal((409, "not_changed_here"), (status, error["code"]!.GetValue<string>()));
        Assert.All((string[])["funclimiter.json", "FuncLimiterSettings", "within a minute", where], word => Assert.Contains(word, message, StringComparison.Ordinal));
    });

    [Theory]
    [InlineData("deployment:one/gpt-x", 200)]
    [InlineData("deployment:nowhere/gpt-x", 404)]
    public void Pause_ReachesAllInstances_SoItIsTaken(string scope, int expected) => AppWorld.Run(async world =>
    {
        var (status, text) = await AskAsync(world, "/admin/pauses", $$"""{"scope":"{{scope}}","seconds":5}""");

        Assert.True(status == expected, text);
    });

    private static async Task<(int Status, string Body)> AskAsync(AppWorld world, string path, string body)
    {
        using var answer = new MemoryStream();
        var context = new DefaultHttpContext { RequestServices = world.Hub.Workers[0].Services };
        context.Features.Set(new OperatorAccess());
        (context.Request.Method, context.Request.Path, context.Request.ContentType) = ("POST", path, "application/json");
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        context.Response.Body = answer;
        await world.Get<AdminEndpoint>().ChangeAsync(context);
        return (context.Response.StatusCode, Encoding.UTF8.GetString(answer.ToArray()));
    }
}
