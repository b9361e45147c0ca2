using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace FuncLimiter.AspireHostingTests;

/// <summary>What an app host makes of it, read from the app's model: what would be run, and what agents would be told.</summary>
public class FuncLimiterResourceTests
{
    [Fact]
    public void Server_IsTheImage_WithItsConfigurationPortHealthAndData()
    {
        var builder = DistributedApplication.CreateBuilder();
        builder.AddFuncLimiter("limiter", "settings/funclimiter.json", port: 18_080).WithDataVolume("kept");

        using var app = builder.Build();
        var server = Assert.Single(Model(app).Resources.OfType<FuncLimiterResource>());

        Assert.True(server.TryGetContainerImageName(out var image));
        Assert.Equal("funclimiter:latest", image);
        var endpoint = Assert.Single(server.Annotations.OfType<EndpointAnnotation>());
        Assert.Equal((18_080, 8_080, "http"), (endpoint.Port, endpoint.TargetPort, endpoint.UriScheme));
        var mounts = server.Annotations.OfType<ContainerMountAnnotation>().ToDictionary(mount => mount.Target);
        var configuration = mounts["/etc/funclimiter/funclimiter.json"];
        Assert.Equal((Path.Combine(builder.AppHostDirectory, "settings", "funclimiter.json"), true), (configuration.Source, configuration.IsReadOnly));
        Assert.Equal(("kept", false), (mounts["/home/app"].Source, mounts["/home/app"].IsReadOnly));
        Assert.Single(server.Annotations.OfType<HealthCheckAnnotation>());
    }

    [Fact]
    public void Data_WithoutAName_IsAVolumeOfThisAppAlone()
    {
        var builder = DistributedApplication.CreateBuilder();
        builder.AddFuncLimiter("limiter").WithDataVolume();

        using var app = builder.Build();

        var volume = Model(app).Resources.OfType<FuncLimiterResource>().Single().Annotations.OfType<ContainerMountAnnotation>().Single(mount => mount.Type == ContainerMountType.Volume);
        Assert.EndsWith("-limiter-data", volume.Source, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Agent_IsToldWhereAndAsWhomToCall_AndWaitsUntilItMay()
    {
        var builder = DistributedApplication.CreateBuilder(["--operation", "publish", "--publisher", "manifest"]);
        var key = builder.AddParameter("tenant-key", secret: true);
        var limiter = builder.AddFuncLimiter("limiter");
        builder.AddContainer("agent", "agent").WithFuncLimiter(limiter, key);

        using var app = builder.Build();
        var agent = Model(app).Resources.OfType<ContainerResource>().Single(resource => resource.Name == "agent");
        var told = await ExecutionConfigurationBuilder.Create(agent).WithEnvironmentVariablesConfig().BuildAsync(builder.ExecutionContext);

        var variables = told.EnvironmentVariables.ToDictionary();
        Assert.Equal("{limiter.bindings.http.url}/v1", variables["OPENAI_BASE_URL"]);
        Assert.All(["FUNCLIMITER_URL", "ANTHROPIC_BASE_URL"], name => Assert.Equal("{limiter.bindings.http.url}", variables[name]));
        Assert.All(["FUNCLIMITER_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"], name => Assert.Equal("{tenant-key.value}", variables[name]));
        Assert.Same(limiter.Resource, Assert.Single(agent.Annotations.OfType<WaitAnnotation>()).Resource);
    }

    private static DistributedApplicationModel Model(DistributedApplication app) =>
        (DistributedApplicationModel)app.Services.GetService(typeof(DistributedApplicationModel))!;
}
