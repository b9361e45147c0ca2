using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Http;

/// <summary>What whoever gives a job up is told, by every host.</summary>
internal static class GivenUpJob
{
    /// <summary>Gives a job up that has not ended: it has ended in the answer, and nothing of it changes from then on.</summary>
    public static async Task<Reply> GiveUpAsync(HttpClient client, string path, string key)
    {
        var given = await client.SendAsync(HttpMethod.Delete, path, null, ("x-api-key", key));

        Assert.True((given.Status, given.Json["state"]!.GetValue<string>()) == (200, "cancelled"), given.Text);
        Assert.False(given.Headers.ContainsKey("Retry-After"));
        var progress = given.Json["progress"]!;
        Assert.Equal((0, 0), (progress["waiting"]!.GetValue<int>(), progress["running"]!.GetValue<int>()));
        Assert.True(progress["cancelled"]!.GetValue<int>() > 0, given.Text);
        await IsAsToldAsync(given, client, path, key);
        var again = await client.SendAsync(HttpMethod.Delete, path, null, ("x-api-key", key));
        Assert.Equal((200, Told(given)), (again.Status, Told(again)));
        return given;
    }

    /// <summary>The job stands as it was told when it was given up.</summary>
    public static async Task IsAsToldAsync(Reply given, HttpClient client, string path, string key) =>
        Assert.Equal(Told(given), Told(await client.FetchAsync(path, ("x-api-key", key))));

    private static (string State, string EndedAt, string Progress) Told(Reply reply) => (
        reply.Json["state"]!.GetValue<string>(),
        reply.Json["endedAt"]!.GetValue<string>(),
        reply.Json["progress"]!.ToJsonString());
}
