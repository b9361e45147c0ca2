using System.Diagnostics;
using System.Globalization;
using System.Net;
using FuncLimiter.Benchmarks.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace FuncLimiter.Benchmarks.Load;

/// <summary>What passing a request on costs in .NET when nothing is decided and nothing read: YARP's forwarder, as a process of its own.</summary>
internal static class PlainProxy
{
    /// <summary>The first argument by which this program is a proxy, before the two ports.</summary>
    public const string Command = "plain-proxy";

    public static Task<ChildProcess> Start(int port, int upstreamPort) => ChildProcess.Serve(
        new ProcessStartInfo("dotnet", [typeof(PlainProxy).Assembly.Location, Command, Text(port), Text(upstreamPort)]), port);

    /// <summary>Serves until the process is ended.</summary>
    public static async Task ServeAsync(string port, string upstreamPort)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, int.Parse(port, CultureInfo.InvariantCulture)));
        builder.Services.AddHttpForwarder();
        await using var app = builder.Build();
        var forwarder = app.Services.GetRequiredService<IHttpForwarder>();
        using var client = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.None });
        app.Run(async context => await forwarder.SendAsync(context, $"http://127.0.0.1:{upstreamPort}", client));
        await app.RunAsync();
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
