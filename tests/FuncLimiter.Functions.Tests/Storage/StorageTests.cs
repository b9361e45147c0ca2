using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Functions.Storage;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Idempotency;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Functions.Tests.Storage;

public class StorageTests
{
    [Fact]
    public void Archive_GivesEveryCallBackAsItWas() => AppWorld.Run(async world =>
    {
        var archive = world.Get<JobArchive>();
        (JobCall, DateTimeOffset)[] calls =
        [
            .. Enumerable.Range(0, 50).Select(index => (
                new JobCall($"/v1/messages?n={index}", new byte[] { 1, 2, (byte)index }, (Priority)(index % 3))
                {
                    User = index % 2 == 0 ? "ä" : null,
                    Headers = [new("anthropic-version", "1"), new("anthropic-version", "2")],
                },
                world.Time.GetUtcNow() + TimeSpan.FromMinutes(index))),
        ];
        await archive.WriteAsync("job", calls, CancellationToken.None);

        for (var index = 0; index < calls.Length; index++)
        {
            var (call, deadline) = (await archive.ReadAsync("job", index, CancellationToken.None))!.Value;
            Assert.Equal((calls[index].Item1.Path, calls[index].Item1.Priority, calls[index].Item1.User), (call.Path, call.Priority, call.User));
            Assert.Equal(calls[index].Item1.Body.ToArray(), call.Body.ToArray());
            Assert.Equal(calls[index].Item1.Headers, call.Headers);
            Assert.Equal(calls[index].Item2, deadline);
        }

        Assert.Null(await archive.ReadAsync("other", 0, CancellationToken.None));
    });

    [Theory]
    [InlineData(10)]
    [InlineData(500_000)]
    public void Answer_UnderAnIdempotencyKey_IsGivenAgainUntilItExpires(int bytes) => AppWorld.Run(async world =>
    {
        var answers = world.Get<TableAnswers>();
        var now = world.Time.GetUtcNow();
        var answer = new StoredAnswer(new byte[] { 7 }, new CallResult(200, [new("a", "b")], new byte[bytes], "one/gpt-x", new TokenUsage(), 2));
        await answers.StoreAsync("acme", "k/?#", answer, now, now + TimeSpan.FromHours(24));

        var found = await answers.FindAsync("acme", "k/?#", now, CancellationToken.None);

        Assert.Equal((200, bytes, 2), (found!.Answer.Status, found.Answer.Body.Length, found.Answer.Attempts));
        Assert.Equal([7], found.Fingerprint.ToArray());
        Assert.Null(await answers.FindAsync("acm", "ek/?#", now, CancellationToken.None));
        Assert.Null(await answers.FindAsync("acme", "k/?#", now + TimeSpan.FromHours(25), CancellationToken.None));
        Assert.Equal(0, await answers.SweepAsync(now, 10, CancellationToken.None));
        Assert.Equal(1, await answers.SweepAsync(now + TimeSpan.FromHours(25), 10, CancellationToken.None));
        Assert.Empty(world.Answers.All);
        Assert.Empty(world.Payloads);
    });

    [Fact]
    public void SecondAnswer_UnderAKeyThatHasNotExpired_ChangesNothing() => AppWorld.Run(async world =>
    {
        var answers = world.Get<TableAnswers>();
        var now = world.Time.GetUtcNow();
        await answers.StoreAsync("acme", "k", Answer(200), now, now + TimeSpan.FromHours(1));
        await answers.StoreAsync("acme", "k", Answer(400), now, now + TimeSpan.FromHours(1));
        Assert.Equal(200, (await answers.FindAsync("acme", "k", now, CancellationToken.None))!.Answer.Status);

        var later = now + TimeSpan.FromHours(2);
        await answers.StoreAsync("acme", "k", Answer(404), later, later + TimeSpan.FromHours(1));
        Assert.Equal(404, (await answers.FindAsync("acme", "k", later, CancellationToken.None))!.Answer.Status);
    });

    private static StoredAnswer Answer(int status) => new(new byte[] { 1 }, new CallResult(status, [], default, null, null, 1));
}
