using System.Text;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Functions.Storage;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.Jobs;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Endpoints;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Operations.Recording;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Functions.Tests.Storage;

/// <summary>The shapes of calls, as every instance of the app records them.</summary>
public class BlobRecordTests
{
    private const string Configuration = """
        {
          "accounts": [{ "id": "one", "provider": "openai", "apiKey": "${KEY}", "models": [{ "model": "gpt-x", "limits": { "rpm": 60000, "tpm": 60000000 } }] }],
          "tenants": [{ "id": "acme", "keys": ["sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"] }],
          "record": { "file": "record.jsonl", "key": "${KEY}", "maxMegabytes": 1 }
        }
        """;

    [Fact]
    public void Calls_OfAllInstances_StandInTheRecordThatAnOperatorGets() => Run(async world =>
    {
        for (var worker = 0; worker < 3; worker++)
        {
            var recorder = await StartAsync(world, worker);
            recorder.Record(Call($"m{worker}"));
        }

        await Task.Delay(TimeSpan.FromSeconds(20), world.Time);
        var lines = await ReadAsync(world);

        Assert.Equal(3, world.Record.Blobs.Count);
        Assert.Equal(["m0", "m1", "m2"], lines.Select(RouteOf).OfType<string>().Order());
        Assert.Equal(3, lines.Count(line => line.StartsWith("{\"record\":1", StringComparison.Ordinal)));
        Assert.DoesNotContain(lines, line => line.Contains("acme", StringComparison.Ordinal));
    });

    [Fact]
    public void CallOfAJob_IsRecordedOnce() => Run(
        async world =>
        {
            world.RenewLeases();
            for (var worker = 0; worker < 3; worker++)
            {
                await StartAsync(world, worker);
            }

            var job = (await world.Get<JobService>().AcceptAsync("acme", JobRequests.One(), CancellationToken.None)).Id!;
            Assert.Equal(1, (await world.EndOfAsync(job)).Progress.Succeeded);
            await Task.Delay(TimeSpan.FromSeconds(20), world.Time);

            Assert.Equal(["gpt-x"], (await ReadAsync(world)).Select(RouteOf).OfType<string>());
        },
        new UpstreamDouble());

    [Fact]
    public void StorageThatIsAway_LosesNoCall_AndNoneStandsTwice() => Run(async world =>
    {
        var recorder = await StartAsync(world);
        world.Storage = new Azure.RequestFailedException("away");
        recorder.Record(Call("m1"));
        await Task.Delay(TimeSpan.FromMinutes(2), world.Time);
        Assert.Empty(world.Record.Lines);

        world.Storage = null;
        recorder.Record(Call("m2"));
        await Task.Delay(TimeSpan.FromMinutes(1), world.Time);
        world.Record.LostAnswers = 1;
        recorder.Record(Call("m3"));
        await Task.Delay(TimeSpan.FromMinutes(1), world.Time);

        Assert.Equal(["m1", "m2", "m3"], world.Record.Lines.Select(RouteOf).OfType<string>());
        Assert.Equal((0, 1), (recorder.Lost, world.Record.Blobs.Count));
    });

    [Fact]
    public void LinesWhoseKeepingWasNotAnswered_AreGivenAgainToTheSameBlob_HoweverLate() => Run(async world =>
    {
        var recorder = await StartAsync(world);
        recorder.Record(Call("m1"));
        await Task.Delay(TimeSpan.FromSeconds(20), world.Time);
        world.Record.LostAnswers = 1;
        recorder.Record(Call("m2"));
        await Task.Delay(TimeSpan.FromMilliseconds(100), world.Time);
        world.Storage = new Azure.RequestFailedException("away");
        await Task.Delay(TimeSpan.FromHours(2), world.Time);
        world.Storage = null;
        recorder.Record(Call("m3"));
        await Task.Delay(TimeSpan.FromMinutes(1), world.Time);

        Assert.Equal(["m1", "m2", "m3"], world.Record.Lines.Select(RouteOf).OfType<string>());
        Assert.Equal(2, world.Record.Blobs.Count);
    });

    [Fact]
    public void Blobs_AreOneForEachHour_AndTheOldestGoBeyondTheRoom() => Run(async world =>
    {
        var recorder = await StartAsync(world);
        for (var hour = 0; hour < 3; hour++)
        {
            for (var number = 0; number < 1_000; number++)
            {
                recorder.Record(Call($"m{hour}-{number}"));
            }

            await Task.Delay(TimeSpan.FromHours(1), world.Time);
        }

        Assert.InRange(world.Record.Blobs.Count, 3, 40);
        Assert.All(world.Record.Blobs.Values, blob => Assert.StartsWith("{\"record\":1", Encoding.UTF8.GetString([.. blob.Take(20)]), StringComparison.Ordinal));
        foreach (var blob in world.Record.Blobs.Values)
        {
            // As larger calls would have made it.
            blob.AddRange(new byte[500_000]);
        }

        var deleted = await world.Get<BlobRecord>().SweepAsync(CancellationToken.None);

        Assert.True(deleted > 0);
        Assert.InRange(world.Record.Blobs.Values.Sum(blob => blob.Count), 1, 1_000_000);
        Assert.Contains(world.Record.Blobs, blob => Encoding.UTF8.GetString([.. blob.Value]).Contains("m2-999", StringComparison.Ordinal));
        Assert.Equal(0, await world.Get<BlobRecord>().SweepAsync(CancellationToken.None));
    });

    [Fact]
    public void BlobThatSomebodyDeleted_IsBegunAnew() => Run(async world =>
    {
        var recorder = await StartAsync(world);
        recorder.Record(Call("m1"));
        await Task.Delay(TimeSpan.FromSeconds(20), world.Time);
        world.Record.Blobs.Clear();
        recorder.Record(Call("m2"));
        await Task.Delay(TimeSpan.FromSeconds(20), world.Time);

        Assert.Equal(["m2"], world.Record.Lines.Select(RouteOf).OfType<string>());
        Assert.Equal(2, world.Record.Lines.Length);
    });

    [Fact]
    public void AppThatRecordsNothing_SaysSo() => AppWorld.Run(async world =>
    {
        var (status, text) = await GetAsync(world);

        Assert.Equal(404, status);
        Assert.Contains("no_record", text, StringComparison.Ordinal);
    });

    private static void Run(Func<AppWorld, Task> act, UpstreamDouble? upstream = null) => AppWorld.Run(act, new HubOptions { Workers = 3 }, Configuration, upstream);

    private static async Task<CallRecorder> StartAsync(AppWorld world, int worker = 0)
    {
        var recorder = world.Get<CallRecorder>(worker);
        await recorder.OpenAsync(CancellationToken.None);
        _ = recorder.RunAsync(CancellationToken.None);
        return recorder;
    }

    private static async Task<string[]> ReadAsync(AppWorld world)
    {
        var (status, text) = await GetAsync(world);
        Assert.Equal(200, status);
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static async Task<(int Status, string Text)> GetAsync(AppWorld world)
    {
        using var answer = new MemoryStream();
        var context = new DefaultHttpContext { RequestServices = world.Hub.Workers[0].Services };
        context.Features.Set(new OperatorAccess());
        (context.Request.Method, context.Request.Path, context.Response.Body) = ("GET", "/admin/record", answer);
        await world.Get<RecordEndpoint>().HandleAsync(context);
        return (context.Response.StatusCode, Encoding.UTF8.GetString(answer.ToArray()));
    }

    private static string? RouteOf(string line) => JsonDocument.Parse(line).RootElement.TryGetProperty("route", out var route) ? route.GetString() : null;

    private static UsageRecord Call(string route) => new(
        SimulatedTime.Start,
        new Caller("acme", "ann", Priority.Standard, "flow", "step", "run"),
        route,
        Operation.ChatCompletions,
        "one/gpt-x",
        200,
        new TokenUsage(10, 5),
        0.001m,
        TimeSpan.FromMilliseconds(5),
        TimeSpan.FromMilliseconds(50),
        1);
}
