namespace FuncLimiter.Server.Tests.Field;

/// <summary><c>Prefer: wait=0</c> refuses only what does not fit now.</summary>
[Collection(TimesCases.Name)]
public sealed class NoWaitTests(TimesSetup setup)
{
    internal static FieldCase[] Cases =>
    [
        new("no-wait-tenant", "openai") { TenantLimits = new { rpm = 60 } },
        new("no-wait-deployment", "openai") { Limits = new { rpm = 20, tpm = 5_000_000 } },
    ];

    [Theory]
    [InlineData("no-wait-tenant", 12, 200)]
    [InlineData("no-wait-deployment", 3, 500)]
    public async Task Call_ThatDoesNotWait_IsServedWhereThereIsRoom(string name, int calls, int pauseMs)
    {
        var one = setup.Server[name];
        for (var call = 0; call < calls; call++)
        {
            var reply = await setup.Server.ChatAsync(one, ("Prefer", "wait=0"));

            Assert.True(reply.Status == 200, $"{call}: {reply}");
            await Task.Delay(pauseMs);
        }
    }
}
