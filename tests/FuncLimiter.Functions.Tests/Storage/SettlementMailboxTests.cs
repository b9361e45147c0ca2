using System.Text;
using FuncLimiter.Functions.Storage;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Http.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace FuncLimiter.Functions.Tests.Storage;

public class SettlementMailboxTests
{
    private static readonly HubOptions TwoInstances = new() { Workers = 2 };

    [Fact]
    public void Settlement_ThatReachesAnotherInstance_IsBroughtToTheOneThatReserved() => AppWorld.Run(
        async world =>
        {
            Lend(world, 0);
            var (status, id) = await AskAsync(world, 0, "{\"model\":\"gpt-x\",\"inputTokens\":10,\"outputTokens\":10}", (endpoint, context) => endpoint.ReserveAsync(context));
            Assert.Equal(200, status);
            Assert.True(world.Get<ReservationEndpoint>(0).HasOpen);

            var (relayed, _) = await AskAsync(world, 1, "{\"status\":200}", (endpoint, context) => endpoint.SettleAsync(context, id));
            Assert.Equal(202, relayed);
            await world.Get<SettlementMailbox>(0).TakeAsync(CancellationToken.None);

            Assert.False(world.Get<ReservationEndpoint>(0).HasOpen);
            Assert.DoesNotContain(world.Jobs.All, row => row.Partition == "settlements");
        },
        TwoInstances);

    [Fact]
    public void Settlement_ForAnInstanceThatIsGone_IsForgottenInTime() => AppWorld.Run(
        async world =>
        {
            var (relayed, _) = await AskAsync(world, 1, "{}", (endpoint, context) => endpoint.SettleAsync(context, "res_gone/#?_1234"));
            Assert.Equal(202, relayed);

            Assert.Equal(0, await world.Get<SettlementMailbox>().SweepAsync(world.Time.GetUtcNow() - TimeSpan.FromHours(1), CancellationToken.None));
            Assert.Equal(1, await world.Get<SettlementMailbox>().SweepAsync(world.Time.GetUtcNow() + TimeSpan.FromHours(1), CancellationToken.None));
        },
        TwoInstances);

    [Fact]
    public void Settlement_OfNoReservation_IsRefused() => AppWorld.Run(async world =>
    {
        var (status, _) = await AskAsync(world, 0, "{}", (endpoint, context) => endpoint.SettleAsync(context, "res_1234"));

        Assert.Equal(404, status);
    });

    private static void Lend(AppWorld world, int instance)
    {
        var owners = world.Hub.Workers[instance].Services.GetRequiredService<ILeaseOwners>();
        _ = new LeaseRenewal(world.Get<EmbeddedLimiter>(instance), owners, world.Time, (_, failure) => Assert.Fail(failure.ToString())).RunAsync(CancellationToken.None);
    }

    private static async Task<(int Status, string Id)> AskAsync(AppWorld world, int instance, string body, Func<ReservationEndpoint, HttpContext, Task> ask)
    {
        var context = new DefaultHttpContext { RequestServices = world.Hub.Workers[instance].Services };
        context.Request.Method = "POST";
        context.Request.ContentType = "application/json";
        context.Request.Headers.Authorization = $"Bearer {AppWorld.Key}";
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        context.Response.Body = new MemoryStream();
        await ask(world.Get<ReservationEndpoint>(instance), context);
        await context.Response.BodyWriter.FlushAsync();
        var answer = Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray());
        return (context.Response.StatusCode, answer.Contains("\"id\":\"", StringComparison.Ordinal) ? answer.Split("\"id\":\"")[1].Split('"')[0] : "");
    }
}
