using System.Diagnostics;
using System.Globalization;
using FuncLimiter.Functions.EndToEnd.Tests.Hosting;
using FuncLimiter.Server.Tests.Http;
using FuncLimiter.Server.Tests.Processes;
using Xunit.Abstractions;

namespace FuncLimiter.Functions.EndToEnd.Tests.Calls;

/// <summary>What the app adds to a call's time, beside the embedded server in front of the same provider.</summary>
public sealed class LatencyTests(ITestOutputHelper output)
{
    private const int Calls = 200;

    [EndToEndFact]
    public async Task Call_ThatWaitsForNothing_IsAnsweredMillisecondsLaterThanByTheProviderItself()
    {
        await using var setup = await AppSetup.CreateAsync(new Setup());
        await using var app = await setup.StartAsync();
        using var folder = new Setup().Folder(setup.Provider.BaseAddress);
        await using var server = await folder.StartAsync();
        using var provider = new HttpClient { BaseAddress = setup.Provider.BaseAddress };
        List<double> direct = [], embedded = [], functions = [];
        for (var call = 0; call < Calls; call++)
        {
            direct.Add(await TimeAsync(provider, "Authorization", $"Bearer {Setup.ProviderKey}"));
            embedded.Add(await TimeAsync(server.Client, "x-api-key", Setup.AcmeKey));
            functions.Add(await TimeAsync(app.Client, "x-api-key", Setup.AcmeKey));
        }

        var (server50, app50) = (Median(embedded) - Median(direct), Median(functions) - Median(direct));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"added at the median of {Calls} calls: {app50:0.0} ms, by the embedded server {server50:0.0} ms; the provider itself takes {Median(direct):0.0} ms"));

        // The machine may be busy: then the embedded server takes longer too.
        Assert.InRange(app50, 0, 10 + (10 * Math.Max(0, server50)));
    }

    private static async Task<double> TimeAsync(HttpClient client, string header, string value)
    {
        var begun = Stopwatch.GetTimestamp();
        var reply = await client.PostAsync(DialectCall.OpenAI.Path, DialectCall.OpenAI.Body(), (header, value));
        Assert.True(reply.Status == 200, reply.Text);
        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
    }

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);
}
