[assembly: TestCollectionOrderer("FuncLimiter.Server.Tests.Processes.LongestFirst", "FuncLimiter.Server.Tests")]
