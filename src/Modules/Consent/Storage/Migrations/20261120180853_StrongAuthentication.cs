using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Consent.Storage.Migrations
{
    /// <inheritdoc />
    public partial class StrongAuthentication : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(
                name: "IsFurther",
                schema: "consent",
                table: "evidence",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<string>(
                name: "Sca",
                schema: "consent",
                table: "evidence",
                type: "character varying(40)",
                maxLength: 40,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "ScaArticle",
                schema: "consent",
                table: "evidence",
                type: "character varying(40)",
                maxLength: 40,
                nullable: true);

            migrationBuilder.CreateTable(
                name: "low_value_counts",
                schema: "consent",
                columns: table => new
                {
                    CustomerId = table.Column<string>(type: "text", nullable: false),
                    Count = table.Column<int>(type: "integer", nullable: false),
                    Euros = table.Column<decimal>(type: "numeric(18,8)", nullable: false),
                    Since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_low_value_counts", x => x.CustomerId);
                });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "low_value_counts",
                schema: "consent");

            migrationBuilder.DropColumn(
                name: "IsFurther",
                schema: "consent",
                table: "evidence");

            migrationBuilder.DropColumn(
                name: "Sca",
                schema: "consent",
                table: "evidence");

            migrationBuilder.DropColumn(
                name: "ScaArticle",
                schema: "consent",
                table: "evidence");
        }
    }
}
